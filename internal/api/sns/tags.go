package sns

import (
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// tagMap is tags by key; a key may come once, and not be AWS's own.
// https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html
func tagMap(tags []model.Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		if _, twice := out[t.Key]; twice {
			return nil, invalidFor("Tags", "Duplicated keys are not allowed.")
		}
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, invalidFor("Tags", "Tag keys must not begin with aws:")
		}
		out[t.Key] = t.Value
	}
	return out, nil
}

// tagged is the topic whose tags a request is about.
func tagged(c *wire.Call, text string) (topic.Name, error) { return topicOf(c, "ResourceArn", text) }

// explainTags is explain where a topic is a resource that has tags.
func explainTags(err error) error {
	if e, ok := err.(*wire.Error); ok && e.Code == codeNotFound {
		return say(codeNoResource, "Resource does not exist")
	}
	return err
}
