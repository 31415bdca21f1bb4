package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxAnswer bounds what one answer may claim to be.
const maxAnswer = 64 << 20

var (
	errNotHTTP  = errors.New("the answer is not HTTP/1.1")
	errTooLarge = fmt.Errorf("the answer is larger than %d MB", maxAnswer>>20)
)

// answer is what a server said. body is valid until the next read.
type answer struct {
	status int
	body   []byte
	close  bool // the server closes the connection after this
}

// answers reads one answer after the other from a connection, as much of HTTP
// as servers of the AWS APIs speak: a length, or chunks.
type answers struct {
	from io.Reader
	buf  []byte // [at:end] is read and not yet used
	at   int
	end  int
	body []byte // a chunked body, put together
}

func newAnswers(from io.Reader) *answers { return &answers{from: from, buf: make([]byte, 16<<10)} }

// next reads one whole answer.
func (a *answers) next() (answer, error) {
	head, err := a.head()
	if err != nil {
		return answer{}, err
	}
	out, length, err := parseHead(head)
	if err != nil {
		return answer{}, err
	}
	if length == chunked {
		out.body, err = a.chunks()
	} else {
		out.body, err = a.take(length)
	}
	return out, err
}

// more reads once, after making room for at least n unused bytes from at on.
func (a *answers) more(n int) error {
	if a.at == a.end {
		a.at, a.end = 0, 0
	}
	if a.at+n > len(a.buf) || a.end == len(a.buf) {
		room := a.buf
		if n > len(room) || a.at == 0 {
			room = make([]byte, max(2*len(room), n))
		}
		a.end = copy(room, a.buf[a.at:a.end])
		a.at, a.buf = 0, room
	}
	got, err := a.from.Read(a.buf[a.end:])
	a.end += got
	if got > 0 {
		return nil
	}
	if err == io.EOF && a.end > a.at {
		return io.ErrUnexpectedEOF
	}
	return err
}

var blankLine = []byte("\r\n\r\n")

// head takes the status line and headers, with the empty line after them.
func (a *answers) head() ([]byte, error) {
	for {
		have := a.buf[a.at:a.end]
		if i := bytes.Index(have, blankLine); i >= 0 {
			a.at += i + len(blankLine)
			return have[:i+len(blankLine)], nil
		}
		if len(have) > maxAnswer {
			return nil, errTooLarge
		}
		if err := a.more(len(have) + 1); err != nil {
			return nil, err
		}
	}
}

// take takes n bytes.
func (a *answers) take(n int) ([]byte, error) {
	for a.end-a.at < n {
		if err := a.more(n); err != nil {
			return nil, unexpected(err)
		}
	}
	a.at += n
	return a.buf[a.at-n : a.at], nil
}

// line takes what comes before the next line end.
func (a *answers) line() ([]byte, error) {
	for {
		have := a.buf[a.at:a.end]
		if i := bytes.IndexByte(have, '\n'); i >= 0 {
			a.at += i + 1
			return bytes.TrimSuffix(have[:i], []byte("\r")), nil
		}
		if len(have) > maxAnswer {
			return nil, errTooLarge
		}
		if err := a.more(len(have) + 1); err != nil {
			return nil, unexpected(err)
		}
	}
}

func (a *answers) chunks() ([]byte, error) {
	a.body = a.body[:0]
	for {
		line, err := a.line()
		if err != nil {
			return nil, err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil {
			return nil, fmt.Errorf("a chunk's size is %q", line)
		}
		if len(a.body)+int(n) > maxAnswer {
			return nil, errTooLarge
		}
		if n == 0 {
			return a.body, a.trailers()
		}
		data, err := a.take(int(n))
		if err != nil {
			return nil, err
		}
		a.body = append(a.body, data...)
		if end, err := a.line(); err != nil || len(end) > 0 {
			return nil, errors.Join(errNotHTTP, err)
		}
	}
}

// trailers skips what follows the last chunk.
func (a *answers) trailers() error {
	for {
		line, err := a.line()
		if err != nil || len(line) == 0 {
			return err
		}
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// chunked stands for a length that the headers do not know.
const chunked = -1

// parseHead reads the status and the few headers that matter.
func parseHead(head []byte) (out answer, length int, err error) {
	if len(head) < len("HTTP/1.1 200") || string(head[:7]) != "HTTP/1." {
		return out, 0, errNotHTTP
	}
	if out.status, err = strconv.Atoi(string(head[9:12])); err != nil {
		return out, 0, errNotHTTP
	}
	_, head, _ = bytes.Cut(head, []byte("\n"))
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\n"))
		switch name, value, _ := bytes.Cut(line, []byte(":")); len(name) {
		case len("Content-Length"):
			if !bytes.EqualFold(name, []byte("Content-Length")) {
				break
			}
			n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
			if err != nil {
				return out, 0, fmt.Errorf("the answer's length is %q", bytes.TrimSpace(value))
			}
			if n > maxAnswer {
				return out, 0, errTooLarge
			}
			if length != chunked {
				length = int(n)
			}
		case len("Transfer-Encoding"):
			if bytes.EqualFold(name, []byte("Transfer-Encoding")) && bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked")) {
				length = chunked
			}
		case len("Connection"):
			if bytes.EqualFold(name, []byte("Connection")) && bytes.EqualFold(bytes.TrimSpace(value), []byte("close")) {
				out.close = true
			}
		}
	}
	return out, length, nil
}
