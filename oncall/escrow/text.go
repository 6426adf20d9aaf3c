package escrow

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"batsignal/oncall/fault"
)

// The form in which a sealed address is pasted or mailed: base64 between two lines that
// say where it begins and ends, and a checksum, so that half a paste is known to be half.
const (
	textBegin  = "-----BEGIN BATSIGNAL SEALED CONTACT-----"
	textEnd    = "-----END BATSIGNAL SEALED CONTACT-----"
	textDomain = domain + " text"
	textWidth  = 64
	sumSize    = 6 // bytes of SHA-256, written as "=" and eight letters
)

// MostText is how long a text is that [ParseSealed] looks at, in bytes. A sealed address is
// about 8,000.
const MostText = 32 << 10

// fieldsBeforeWraps is how many fields a text has before its four wraps.
const fieldsBeforeWraps = 12

// Text writes it so that it can be pasted or mailed. Nothing in it is secret.
func (s Sealed) Text() string {
	r := s.Record
	epoch := 0
	if len(s.Wraps) > 0 {
		epoch = s.Wraps[0].Epoch
	}
	fields := [][]byte{[]byte(textDomain), []byte(r.ID), strconv.AppendInt(nil, r.Owner, 10), []byte(r.Kind), []byte(r.Policy),
		strconv.AppendInt(nil, int64(r.ContentEpoch), 10), strconv.AppendInt(nil, int64(epoch), 10),
		r.Nonce, r.Content, r.Commitment, r.CommitBot, r.CommitSwitchboard}
	for _, slot := range Slots() {
		w, _ := s.Wrap(slot)
		fields = append(fields, w.Wrapped)
	}
	payload := Join(fields...)

	var out strings.Builder
	out.WriteString(textBegin + "\n")
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(payload)), textWidth) {
		out.Write(line)
		out.WriteByte('\n')
	}
	out.WriteString("=" + checksum(payload) + "\n" + textEnd + "\n")
	return out.String()
}

func checksum(payload []byte) string {
	sum := sha256.Sum256(payload)
	return base64.StdEncoding.EncodeToString(sum[:sumSize])
}

// ParseSealed reads what [Sealed.Text] wrote. Lines before it and after it, spaces around
// its lines and other line ends do no harm: mail adds them. Everything else must be as it
// was: sizes, ids, kinds, one wrap for each slot, all of one epoch. Whether it opens, only
// the holders of the keys can tell. The error is fault.Invalid and says what is missing.
func ParseSealed(text string) (Sealed, error) {
	payload, err := unarmour(text)
	if err != nil {
		return Sealed{}, err
	}
	fields, ok := split(payload)
	if !ok || len(fields) == 0 || string(fields[0]) != textDomain {
		return Sealed{}, fault.New(fault.Invalid, "This was not sealed by a version of this program that is known here. Seal the address again.")
	}
	if len(fields) != fieldsBeforeWraps+len(Slots()) {
		return Sealed{}, errForm
	}
	owner, ok1 := decimal(fields[2])
	content, ok2 := decimal(fields[5])
	epoch, ok3 := decimal(fields[6])
	if !ok1 || !ok2 || !ok3 || content > mostEpoch || epoch > mostEpoch {
		return Sealed{}, errForm
	}
	s := Sealed{Record: Record{ID: string(fields[1]), Owner: owner, Kind: string(fields[3]), Policy: string(fields[4]), ContentEpoch: int(content),
		Nonce: fields[7], Content: fields[8], Commitment: fields[9], CommitBot: fields[10], CommitSwitchboard: fields[11]}}
	for i, slot := range Slots() {
		s.Wraps = append(s.Wraps, Wrap{Record: s.Record.ID, Epoch: int(epoch), Slot: slot, Wrapped: fields[fieldsBeforeWraps+i]})
	}
	if err := s.Check(); err != nil {
		return Sealed{}, err
	}
	return s, nil
}

// mostEpoch is the highest number of a keyring that the database can hold.
const mostEpoch = 1<<31 - 1

var errForm = fault.New(fault.Invalid, "This has the form of a sealed address, but not its parts. Seal the address again.")

// unarmour finds the lines between begin and end, and reads and checks them.
func unarmour(text string) ([]byte, error) {
	if len(text) > MostText {
		return nil, fault.New(fault.Invalid, "This is too long for a sealed address: %d bytes, at most %d. Paste only the lines from BEGIN to END.", len(text), MostText)
	}
	var body strings.Builder
	var sum string
	inside, ended := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == textBegin && (inside || ended):
			return nil, fault.New(fault.Invalid, "There is more than one BEGIN line. Paste one sealed address at a time.")
		case line == textBegin:
			inside = true
		case !inside || line == "":
		case line == textEnd:
			inside, ended = false, true
		case sum != "":
			return nil, fault.New(fault.Invalid, "There is something between the checksum and the END line. Paste the lines from BEGIN to END as they were.")
		case strings.HasPrefix(line, "="):
			sum = line[1:]
		default:
			body.WriteString(line)
		}
	}
	switch {
	case !inside && !ended:
		return nil, fault.New(fault.Invalid, "There is no line %s. Paste the lines from BEGIN to END, with both.", textBegin)
	case !ended:
		return nil, fault.New(fault.Invalid, "The end is missing: there is no line %s. Paste the lines from BEGIN to END, with both.", textEnd)
	}
	payload, err := base64.StdEncoding.Strict().DecodeString(body.String())
	if err != nil || sum != checksum(payload) {
		return nil, fault.Wrap(fault.Invalid, err, "Something was lost or changed on the way: the checksum does not fit. Paste the lines from BEGIN to END as they were.")
	}
	return payload, nil
}

// decimal reads a positive number that is written in the one way that we write it.
func decimal(text []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == string(text)
}
