package sns

import (
	"context"
	"errors"
	"strconv"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

const maxBatch = 10

// PublishBatch publishes up to ten messages to a topic, in order and in one
// transaction. Each is refused or accepted by itself.
func (s *Service) PublishBatch(ctx context.Context, c *wire.Call, in *model.PublishBatchInput) (*model.PublishBatchOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	entries := in.PublishBatchRequestEntries
	if err := checkBatch(entries); err != nil {
		return nil, err
	}
	config := topic.Config{}
	if isFIFO(n.Topic) { // what it asks of each entry
		if config, err = s.configOf(n); err != nil {
			return nil, err
		}
	}
	out := &model.PublishBatchOutput{Successful: []model.PublishBatchResultEntry{}, Failed: []model.BatchResultErrorEntry{}}
	var messages []topic.Message
	var ids []string
	for i := range entries {
		e := &entries[i]
		m, err := s.compose(c, entryOf(e), isFIFO(n.Topic))
		if err == nil {
			err = explain(config.CheckFIFO(&m))
		}
		var refused *wire.Error
		switch {
		case errors.As(err, &refused):
			out.Failed = append(out.Failed, model.BatchResultErrorEntry{
				Id: e.Id, SenderFault: true, Code: codeOfEntry(refused.Code), Message: wire.Some(refused.Message),
			})
		case err != nil:
			return nil, err
		default:
			messages, ids = append(messages, m), append(ids, e.Id)
		}
	}
	p := s.core.NewPublication(n, messages)
	if err := s.core.Publish(ctx, s.shard, p); err != nil {
		return nil, explain(err)
	}
	for i, id := range ids {
		r := model.PublishBatchResultEntry{Id: wire.Some(id)}
		r.MessageId, r.SequenceNumber = said(p.Published(i))
		out.Successful = append(out.Successful, r)
	}
	return out, nil
}

// codeOfEntry is a code as entries of a batch show it: without what the names of
// exceptions have more.
func codeOfEntry(code string) string {
	if code == codeValue {
		return "ParameterValueInvalid"
	}
	return strings.TrimSuffix(code, "Exception")
}

func entryOf(e *model.PublishBatchRequestEntry) *outgoing {
	return &outgoing{
		message: e.Message, subject: e.Subject, structure: e.MessageStructure, attributes: e.MessageAttributes,
		group: e.MessageGroupId, dedup: e.MessageDeduplicationId,
	}
}

// configOf is what a topic is told to be.
func (s *Service) configOf(n topic.Name) (c topic.Config, err error) {
	err = s.read(func(v *store.View) error {
		t, err := topic.Get(v, n)
		c = t.Settings.Config
		return err
	})
	return c, err
}

// checkBatch refuses a batch that is wrong as a whole.
// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
func checkBatch(entries []model.PublishBatchRequestEntry) error {
	if len(entries) == 0 {
		return say(codeBatchEmpty, "The batch request doesn't contain any entries.")
	}
	if len(entries) > maxBatch {
		return say(codeBatchMany, "The batch request contains more entries than permissible (more than 10).")
	}
	size, seen := 0, map[string]bool{}
	for i := range entries {
		e := &entries[i]
		if e.Id == "" || len(e.Id) > 80 || !validText(e.Id, "_-") {
			return say(codeBatchID, "The Id of a batch entry in a batch request doesn't abide by the specification: "+
				"1 to 80 alphanumeric characters, hyphens and underscores.")
		}
		if seen[e.Id] {
			return say(codeBatchIDs, "Two or more batch entries in the request have the same Id: "+e.Id)
		}
		seen[e.Id] = true
		size += entryOf(e).size()
	}
	if size > maxMessage {
		return say(codeBatchLong, "The length of all the batch messages put together is more than the limit of "+strconv.Itoa(maxMessage)+" bytes.")
	}
	return nil
}
