package transform

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Why an event cannot be transformed. Trying again does not help.
var (
	// ErrPathMissing: the event has nothing at the InputPath.
	ErrPathMissing = errors.New("the event has no value at the input path")
	// ErrTooLarge: the result would be larger than MaxOutput.
	ErrTooLarge = fmt.Errorf("the transformed event is larger than %d bytes", MaxOutput)
)

// Error is why a target is refused: the reason as AWS words it, where that is
// known. ADR 17 says which are ours.
type Error struct{ Reason string }

func (e *Error) Error() string { return e.Reason }

func refuse(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// refuseTemplate words an error of the parser.
func refuseTemplate(target, template string, err error) error {
	var unknown unknownVariable
	var bad syntaxError
	switch {
	case errors.As(err, &unknown):
		return refuse("InputTemplate for target %s contains invalid placeholder %s.", target, string(unknown))
	case errors.As(err, &bad):
		return refuse("Invalid InputTemplate for target %s : %s.", target, where(template, bad.at))
	}
	return refuse("Invalid InputTemplate for target %s : %s.", target, err)
}

// where says where a text stops being JSON, as Jackson does for AWS: the text,
// and the place up to which it was read, which is the end of an unknown word and
// one after any other character.
// https://github.com/aws/aws-cli/issues/6711
// https://github.com/ansible-collections/community.aws/issues/201
func where(text string, at int) string {
	end := at
	for end < len(text) && isName(text[end:end+1], '$') {
		end++
	}
	if end == at && at < len(text) {
		_, size := utf8.DecodeRuneInString(text[at:])
		end += size
	}
	line := 1 + strings.Count(text[:end], "\n")
	column := 1 + utf8.RuneCountInString(text[strings.LastIndexByte(text[:end], '\n')+1:end])
	return fmt.Sprintf("[Source: (String)%s; line: %d, column: %d]", excerpt(text), line, column)
}

// excerpt quotes a text as Jackson does, without what is too much of it.
func excerpt(text string) string {
	const most = 500
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return `"` + text + `"`
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return fmt.Sprintf(`"%s"[truncated %d chars]`, text[:cut], utf8.RuneCountInString(text[cut:]))
}
