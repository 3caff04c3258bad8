package screen

import "yinbo/card"

// Standard is what a bank screens by until it writes rules of its own (RULES §4).
// Its limits are generous: they stop machines, not a busy evening.
func Standard() []Rule {
	return []Rule{
		{"id_check", "身份证校验", `!id_valid`, card.Decline, "identity"},
		{"age_minor", "年满十八周岁", `age < 18`, card.Decline, "age"},
		{"age_senior", "年龄不超过六十五周岁", `age > 65`, card.Refer, "age"},
		{"blacklist_person", "申请人黑名单", `person.black`, card.Decline, "blacklist"},
		{"blacklist_contact", "手机、设备、网络地址、单位电话黑名单", "phone.black || device.black ||\nip.black || employer_phone.black", card.Refer, "blacklist"},
		{"duplicate_person", "重复申请", "person.open_elsewhere + person.cards_held > 0 ||\nphone.others > 0", card.Refer, "duplicate"},
		{"cool_off", "拒绝后等待期", `person.declined && person.days_since_decline < cool_off_days`, card.Decline, "cool_off"},
		{"velocity_address", "同一网络地址的申请", `address_limit > 0 && ip.h1 >= address_limit && !ip.white`, card.Refer, "velocity"},
		{"velocity_device", "同一设备的申请人", `device.others >= 3 && !device.white`, card.Refer, "velocity"},
		{"velocity_phone", "同一手机号的申请", `phone.d7 >= 10 && !phone.white`, card.Refer, "velocity"},
		{"velocity_employer", "同一单位电话的申请", `employer_phone.d7 >= 100 && !employer_phone.white`, card.Refer, "velocity"},
	}
}

// standardCases show what the standard rules say.
func standardCases() []Case {
	good := Input{Age: 30, IDValid: true, AdminCode: "310101", CityCode: "310100", Hour: 20, Agent: "mobile", CoolOffDays: 90}
	with := func(change func(*Input)) Input {
		in := good
		change(&in)
		return in
	}
	return []Case{
		{"普通申请人", good, card.Pass},
		{"十七岁", with(func(in *Input) { in.Age = 17 }), card.Decline},
		{"六十六岁", with(func(in *Input) { in.Age = 66 }), card.Refer},
		{"黑名单上的人", with(func(in *Input) { in.Person.Black = true }), card.Decline},
		{"等待期最后一天", with(func(in *Input) { in.Person.Declined, in.Person.DaysSinceDecline = true, 89 }), card.Decline},
		{"等待期已过", with(func(in *Input) { in.Person.Declined, in.Person.DaysSinceDecline = true, 90 }), card.Pass},
		{"一台设备，另外三人", with(func(in *Input) { in.DeviceGiven, in.Device.Others = true, 3 }), card.Refer},
		{"白名单网络地址的大量申请", with(func(in *Input) { in.AddressLimit, in.IP.H1, in.IP.White = 20, 500, true }), card.Pass},
	}
}
