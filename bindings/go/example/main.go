// Records a raw H.264 file (25 pictures a second) and a PCM file (16 bit, 8 kHz, mono) into a .ts or .mp4 file.
package main

import (
	"bytes"
	"log"
	"os"
	"strings"

	"skyrill.dev/skyrill"
)

const (
	frameMs   = 40
	rate      = 8000
	pushBytes = 2 * 1024 // 1024 samples
	utcStart  = 1_700_000_000_000
)

// accessUnit cuts where, after a slice, a parameter set, SEI, delimiter or first slice begins.
func accessUnit(stream []byte) (length int, idr bool) {
	slice := false
	for at := 0; ; {
		next := bytes.Index(stream[at:], []byte{0, 0, 1})
		if next < 0 || at+next+4 >= len(stream) {
			return len(stream), idr
		}
		at += next
		kind := stream[at+3] & 31
		isSlice := kind == 1 || kind == 5
		if slice && (kind >= 6 && kind <= 9 || isSlice && stream[at+4]&0x80 != 0) {
			if stream[at-1] == 0 {
				at--
			}
			return at, idr
		}
		slice = slice || isSlice
		idr = idr || kind == 5
		at += 3
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	video, audio := must(os.ReadFile(os.Args[1])), must(os.ReadFile(os.Args[2]))
	config := skyrill.NewConfig(512 * 1024)
	config.AudioInput, config.SampleRate, config.Channels = skyrill.AudioPCM, rate, 1
	if strings.HasSuffix(os.Args[3], ".mp4") {
		config.Format = skyrill.FormatFMP4
	}
	channel := must(skyrill.Open(config))
	defer channel.Close()
	out := must(os.Create(os.Args[3]))
	heard := 0 // audio bytes so far
	for picture := int32(0); len(video) > 0; picture++ {
		length, idr := accessUnit(video)
		kind := int32(skyrill.FrameP)
		if idr {
			kind = skyrill.FrameI
		}
		pts := float64(picture * frameMs)
		must(channel.PushVideo(video[:length], skyrill.Stamp{PTSMs: pts, UTCMs: utcStart + pts, Seq: picture}, kind))
		video = video[length:]
		for ; heard+pushBytes <= len(audio); heard += pushBytes {
			ms := float64(heard) / 2 * 1000 / rate
			if ms > pts {
				break
			}
			must(channel.PushAudio(audio[heard:heard+pushBytes], skyrill.Stamp{PTSMs: ms, UTCMs: utcStart + ms, Seq: int32(heard)}))
		}
		must(channel.WriteTo(out))
	}
	must(channel.Flush(skyrill.ClosedStop))
	must(channel.WriteTo(out))
	must(0, out.Close())
}
