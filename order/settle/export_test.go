package settle

// PayoutInvariants are those of payouts alone.
var PayoutInvariants = payoutsHold
