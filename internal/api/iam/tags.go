package iam

import (
	"maps"
	"slices"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
)

// tagMap is tags by key. Keys are the same in any case, and may not be AWS's own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
func tagMap(tags []model.Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	seen := map[string]bool{}
	for _, t := range tags {
		key := strings.ToLower(t.Key)
		switch {
		case seen[key]:
			return nil, say(codeInput, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case strings.HasPrefix(key, "aws:"):
			return nil, say(codeInput, "Tag keys that begin with aws: are reserved for system use.")
		}
		seen[key] = true
		out[t.Key] = t.Value
	}
	return out, nil
}

func tagList(tags map[string]string) []model.Tag {
	if len(tags) == 0 {
		return nil
	}
	out := make([]model.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, model.Tag{Key: key, Value: tags[key]})
	}
	return out
}

func tagKey(t model.Tag) string { return t.Key }

// tagged is what becomes of old when more is set: a key in another case is
// replaced.
func tagged(old, more map[string]string) map[string]string {
	out := untagged(old, slices.Collect(maps.Keys(more)))
	maps.Copy(out, more)
	return out
}

func untagged(old map[string]string, keys []string) map[string]string {
	gone := make(map[string]bool, len(keys))
	for _, key := range keys {
		gone[strings.ToLower(key)] = true
	}
	out := map[string]string{}
	for key, value := range old {
		if !gone[strings.ToLower(key)] {
			out[key] = value
		}
	}
	return out
}
