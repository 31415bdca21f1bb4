package conformance

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func eventsArchive(t *tour) {
	bus, url, name := t.bus(), t.fifo(), t.name("archive")
	busARN := aws.String("arn:aws:events:" + region + ":" + t.account + ":event-bus/" + *bus)
	in := &eventbridge.CreateArchiveInput{ArchiveName: &name, EventSourceArn: busARN, EventPattern: aws.String(largeOrders), RetentionDays: aws.Int32(7), Description: aws.String("large")}
	made := must(t.events.CreateArchive(t.ctx, in))(t)
	equal(t, "ArchiveArn", *made.ArchiveArn, "arn:aws:events:"+region+":"+t.account+":archive/"+name)
	_, err := t.events.CreateArchive(t.ctx, in)
	hasError[*types.ResourceAlreadyExistsException](t, "again", err)
	_, err = t.events.CreateArchive(t.ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("bad"), EventSourceArn: busARN, EventPattern: aws.String("[]")})
	hasError[*types.InvalidEventPatternException](t, "a bad pattern", err)

	from := time.Now().Add(-time.Minute)
	var entries []types.PutEventsRequestEntry
	for _, detail := range []string{`{"total":500}`, `{"total":5}`, `{"total":600}`} {
		entries = append(entries, types.PutEventsRequestEntry{Source: aws.String("shop.orders"), DetailType: aws.String("Order"), Detail: &detail, EventBusName: bus})
	}
	put := must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: entries}))(t)
	t.archived(&name, 2)
	must(t.events.UpdateArchive(t.ctx, &eventbridge.UpdateArchiveInput{ArchiveName: &name, RetentionDays: aws.Int32(0)}))(t)
	got := must(t.events.DescribeArchive(t.ctx, &eventbridge.DescribeArchiveInput{ArchiveName: &name}))(t)
	equal(t, "archive", string(got.State)+" "+*got.EventSourceArn, "ENABLED "+*busARN)
	equal(t, "RetentionDays", *got.RetentionDays, 0)
	equal(t, "archives by prefix", len(must(t.events.ListArchives(t.ctx, &eventbridge.ListArchivesInput{NamePrefix: &name}))(t).Archives), 1)
	equal(t, "archives of the bus", len(must(t.events.ListArchives(t.ctx, &eventbridge.ListArchivesInput{EventSourceArn: busARN}))(t).Archives), 1)

	t.route(bus, url, `{"source":["shop.orders"]}`, &types.SqsParameters{MessageGroupId: aws.String("g")})
	t.replays(made.ArchiveArn, busARN, from)
	messages := t.receive(2, sqs.ReceiveMessageInput{QueueUrl: url})
	for i, at := range []int{0, 2} {
		equal(t, "replayed in order", strings.Contains(*messages[i].Body, *put.Entries[at].EventId) && strings.Contains(*messages[i].Body, `"replay-name":"`), true)
	}
	t.archived(&name, 2) // replayed events are not archived again

	must(t.events.DeleteArchive(t.ctx, &eventbridge.DeleteArchiveInput{ArchiveName: &name}))(t)
	_, err = t.events.DescribeArchive(t.ctx, &eventbridge.DescribeArchiveInput{ArchiveName: &name})
	hasError[*types.ResourceNotFoundException](t, "an archive gone", err)
}

func (t *tour) archived(name *string, want int64) {
	t.Helper()
	equal(t, "EventCount", must(t.events.DescribeArchive(t.ctx, &eventbridge.DescribeArchiveInput{ArchiveName: name}))(t).EventCount, want)
}

// replays replays the archive, and looks at the replay from all sides.
func (t *tour) replays(archive, bus *string, from time.Time) {
	t.Helper()
	name := t.name("replay")
	in := &eventbridge.StartReplayInput{ReplayName: &name, EventSourceArn: archive, EventStartTime: &from, EventEndTime: aws.Time(from.Add(time.Hour)),
		Destination: &types.ReplayDestination{Arn: bus}}
	started := must(t.events.StartReplay(t.ctx, in))(t)
	equal(t, "ReplayArn", *started.ReplayArn, "arn:aws:events:"+region+":"+t.account+":replay/"+name)
	_, err := t.events.StartReplay(t.ctx, in)
	hasError[*types.ResourceAlreadyExistsException](t, "again", err)
	var got *eventbridge.DescribeReplayOutput
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got = must(t.events.DescribeReplay(t.ctx, &eventbridge.DescribeReplayInput{ReplayName: &name}))(t)
		if got.State == types.ReplayStateCompleted {
			break
		}
	}
	equal(t, "State", got.State, types.ReplayStateCompleted)
	equal(t, "EventLastReplayedTime and ReplayEndTime", got.EventLastReplayedTime != nil && got.ReplayEndTime != nil, true)
	equal(t, "replays of the archive", len(must(t.events.ListReplays(t.ctx, &eventbridge.ListReplaysInput{EventSourceArn: archive}))(t).Replays), 1)
	_, err = t.events.CancelReplay(t.ctx, &eventbridge.CancelReplayInput{ReplayName: &name})
	hasError[*types.IllegalStatusException](t, "cancel what has ended", err)
	_, err = t.events.DescribeReplay(t.ctx, &eventbridge.DescribeReplayInput{ReplayName: aws.String("never")})
	hasError[*types.ResourceNotFoundException](t, "a replay that never was", err)
}
