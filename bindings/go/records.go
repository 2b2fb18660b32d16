package skyrill

// Slice is a file that plays by itself. Positions are bytes since open; End grows while the slice is open.
type Slice struct {
	Number, Init             int32 // Init: id of its init segment, -1 with TS
	Start, End, LostBytes    float64
	UTCMsA, UTCMsB           float64 // of its first and last frame
	PTSMsA, PTSMsB           float64
	SeqA, SeqB               int32 // of video frames
	VideoFrames, AudioFrames int32
	Closed                   int32 // Closed* reason, 0 while open
	Discontinuity            bool
	Tracks                   int32 // Track* bits
}

// Unit is a GOP (TS) or a fragment (fMP4).
type Unit struct {
	Start, End, UTCMs, PTSMs, DurationMs float64
	Slice, VideoFrames                   int32
	IDR, Closed                          bool
}

// Frame is a video frame in the ring's index.
type Frame struct {
	Position, PTSMs, UTCMs float64
	Seq                    int32
	IDR                    bool
}

// Slices gives the numbers of the slices in the table: [first, next).
func (c *Channel) Slices() (first, next int32) {
	return c.StateI32(StateFirstSlice), c.StateI32(StateNextSlice)
}

// Units gives the numbers of the units in the table: [first, next).
func (c *Channel) Units() (first, next int32) {
	return c.StateI32(StateFirstUnit), c.StateI32(StateNextUnit)
}

// Frames gives the numbers of the video frames in the index: [first, next).
func (c *Channel) Frames() (first, next int32) {
	return c.StateI32(StateFirstFrame), c.StateI32(StateNextFrame)
}

// Slice reads a slice record; false when it is not in the table.
func (c *Channel) Slice(number int32) (Slice, bool) {
	at := c.record(c.sliceFn, number)
	if at == 0 {
		return Slice{}, false
	}
	return Slice{
		Number: c.i32(at + sliceNumber), Init: c.i32(at + sliceInit),
		Start: c.f64(at + sliceStart), End: c.f64(at + sliceEnd), LostBytes: c.f64(at + sliceLost),
		UTCMsA: c.f64(at + sliceUtcA), UTCMsB: c.f64(at + sliceUtcB),
		PTSMsA: c.f64(at + slicePtsA), PTSMsB: c.f64(at + slicePtsB),
		SeqA: c.i32(at + sliceSeqA), SeqB: c.i32(at + sliceSeqB),
		VideoFrames: c.i32(at + sliceVideoFrames), AudioFrames: c.i32(at + sliceAudioFrames),
		Closed: c.i32(at + sliceClosed), Discontinuity: c.i32(at+sliceDiscontinuity) != 0, Tracks: c.i32(at + sliceTracks),
	}, true
}

// Unit reads a unit record; false when it is not in the table.
func (c *Channel) Unit(number int32) (Unit, bool) {
	at := c.record(c.unitFn, number)
	if at == 0 {
		return Unit{}, false
	}
	return Unit{
		Start: c.f64(at + unitStart), End: c.f64(at + unitEnd), UTCMs: c.f64(at + unitUtc), PTSMs: c.f64(at + unitPts),
		DurationMs: c.f64(at + unitDuration), Slice: c.i32(at + unitSlice), VideoFrames: c.i32(at + unitFrames),
		IDR: c.i32(at+unitIdr) != 0, Closed: c.i32(at+unitClosed) != 0,
	}, true
}

// Frame reads a frame record; false when it is not in the index.
func (c *Channel) Frame(number int32) (Frame, bool) {
	at := c.record(c.frameFn, number)
	if at == 0 {
		return Frame{}, false
	}
	return Frame{
		Position: c.f64(at + framePosition), PTSMs: c.f64(at + framePts), UTCMs: c.f64(at + frameUtc),
		Seq: c.i32(at + frameSeq), IDR: c.i32(at+frameIdr) != 0,
	}, true
}
