package main

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
)

// payload is one message: short ones literally, large ones by a size and a seed.
type payload struct {
	Kind string  `json:"kind"`
	Text *string `json:"text"`
	Hex  *string `json:"hex"`
	Size int     `json:"size"`
	Seed int     `json:"seed"`
}

// digest is what is reported of a received message.
type digest struct {
	Kind   string `json:"kind"`
	Length int    `json:"length"`
	Hash   uint32 `json:"hash"`
	Head   string `json:"head"`
}

func (p payload) bytes() ([]byte, error) {
	if p.Text != nil {
		return []byte(*p.Text), nil
	}
	if p.Hex != nil {
		return hex.DecodeString(*p.Hex)
	}
	out := make([]byte, p.Size)
	for i := range out {
		if p.Kind == "text" {
			out[i] = byte(97 + (i*7+p.Seed+i>>8)%26)
		} else {
			out[i] = byte(i*31 + p.Seed + i>>8)
		}
	}
	return out, nil
}

func digestOf(isText bool, data []byte) digest {
	kind := "binary"
	if isText {
		kind = "text"
	}
	h := fnv.New32a()
	h.Write(data)
	return digest{kind, len(data), h.Sum32(), hex.EncodeToString(data[:min(32, len(data))])}
}

// burstMessage is size bytes that start with the message's number.
func burstMessage(index, size int) []byte {
	out := make([]byte, size)
	binary.BigEndian.PutUint32(out, uint32(index))
	return out
}
