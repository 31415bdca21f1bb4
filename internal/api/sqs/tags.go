package sqs

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxTags = 50

// checkTags refuses tags that AWS would:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html
func checkTags(tags map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		n := utf8.RuneCountInString(key)
		switch {
		case n < 1 || n > 128:
			return value("TagKey", key, "Tag keys must be between 1 and 128 characters in length.")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return value("TagKey", key, "Tag keys cannot start with aws:")
		case !isTagText(key):
			return value("TagKey", key, "Tag keys can only include letters, digits, white space, and _.:/=+-@")
		case utf8.RuneCountInString(tags[key]) > 256:
			return value("TagValue", tags[key], "Tag values must be between 0 and 256 characters in length.")
		case !isTagText(tags[key]):
			return value("TagValue", tags[key], "Tag values can only include letters, digits, white space, and _.:/=+-@")
		}
	}
	return nil
}

// withTags is old with the tags of more; it refuses more than a queue may have.
func withTags(name string, old, more map[string]string) (map[string]string, error) {
	tags := make(map[string]string, len(old)+len(more))
	maps.Copy(tags, old)
	maps.Copy(tags, more)
	if len(tags) > maxTags {
		return nil, parameter("Too many tags added for queue " + name + ".")
	}
	return tags, nil
}

func isTagText(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsNumber(r) && !unicode.IsSpace(r) &&
			!unicode.Is(unicode.Z, r) && !strings.ContainsRune("_.:/=+-@", r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
