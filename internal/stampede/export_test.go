package stampede

// FrameIn is the parser of server frames.
var FrameIn = frameIn
