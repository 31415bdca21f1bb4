import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiFunction;
import software.amazon.awssdk.services.sqs.model.ListMessageMoveTasksResultEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ResourceNotFoundException;
import software.amazon.awssdk.services.sqs.model.SendMessageResponse;

/** FIFO queues, dead-letter queues and the tasks that move messages back. */
final class Redrive {
    static void fifoOrder(Tour t) {
        String url = t.fifo();
        BiFunction<String, String, SendMessageResponse> send = (group, body) -> t.sqs.sendMessage(r -> r.queueUrl(url).messageGroupId(group).messageBody(body));
        List<String> numbers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            for (String group : List.of("a", "b")) {
                numbers.add(send.apply(group, group + i).sequenceNumber());
            }
        }
        Tour.equal("sequence numbers rise", List.copyOf(new TreeSet<>(numbers)), numbers);
        Tour.equal("digits", numbers.get(0).length(), 20);
        Message first = t.receive(url, 1).get(0);
        Tour.equal("first", first.body() + " " + first.attributes().get(MessageSystemAttributeName.SEQUENCE_NUMBER), "a0 " + numbers.get(0));
        Tour.equal("while group a is locked", t.once(url, r -> { }).stream().map(Message::body).toList(), List.of("b0", "b1", "b2"));
        t.delete(url, first);
        Tour.equal("then", t.receive(url, 2).stream().map(Message::body).toList(), List.of("a1", "a2"));
        Tour.refused("MissingParameter", () -> t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("x")));
    }

    static void fifoDedup(Tour t) {
        String url = t.queue(Map.of(QueueAttributeName.FIFO_QUEUE, "true"));
        Tour.refused("InvalidParameterValue", () -> t.sqs.sendMessage(r -> r.queueUrl(url).messageGroupId("g").messageBody("x")));
        SendMessageResponse one = t.sqs.sendMessage(r -> r.queueUrl(url).messageGroupId("g").messageBody("one").messageDeduplicationId("id"));
        SendMessageResponse again = t.sqs.sendMessage(r -> r.queueUrl(url).messageGroupId("g").messageBody("other").messageDeduplicationId("id"));
        Tour.equal("a duplicate's ids", again.messageId() + again.sequenceNumber(), one.messageId() + one.sequenceNumber());
        Tour.equal("counts", t.counts(url), List.of(1, 0, 0));
    }

    /** A queue and its dead-letter queue, which has the failed messages. */
    private static String[] pair(Tour t, int failed) {
        String dead = t.queue();
        String url = t.queue(Tour.redrive(t.arn(dead), 1, QueueAttributeName.VISIBILITY_TIMEOUT, "0"));
        for (int i = 0; i < failed; i++) {
            String body = "m" + i;
            t.sqs.sendMessage(r -> r.queueUrl(url).messageBody(body));
        }
        Tour.until("the messages are dead letters", () -> {
            t.once(url, r -> { });
            return t.counts(dead).get(0) == failed ? dead : null;
        });
        return new String[] {url, dead};
    }

    static void deadLetter(Tour t) {
        String[] pair = pair(t, 1);
        String url = pair[0];
        String dead = pair[1];
        Message m = t.receive(dead, 1).get(0);
        Tour.equal("the dead letter", m.body() + " " + m.attributesAsStrings().get("DeadLetterQueueSourceArn"), "m0 " + t.arn(url));
        String more = t.queue(Tour.redrive(t.arn(dead), 3, null, null));
        List<String> seen = new ArrayList<>();
        t.sqs.listDeadLetterSourceQueuesPaginator(r -> r.queueUrl(dead).maxResults(1)).forEach(page -> seen.addAll(page.queueUrls()));
        Tour.equal("ListDeadLetterSourceQueues", new TreeSet<>(seen), new TreeSet<>(List.of(url, more)));
        Tour.refused("InvalidParameterValue|InvalidAttributeValue",
            () -> t.sqs.setQueueAttributes(r -> r.queueUrl(url).attributes(Tour.redrive(t.arn(dead), 1001, null, null))));
    }

    private static ListMessageMoveTasksResultEntry task(Tour t, String source, String status) {
        return Tour.until("the task is " + status, () -> {
            var newest = t.sqs.listMessageMoveTasks(r -> r.sourceArn(source)).results().get(0);
            return newest.status().equals(status) ? newest : null;
        });
    }

    static void moveTask(Tour t) {
        String[] pair = pair(t, 3);
        String source = t.arn(pair[1]);
        t.sqs.setQueueAttributes(r -> r.queueUrl(pair[0]).attributes(Tour.redrive(source, 9, QueueAttributeName.VISIBILITY_TIMEOUT, "30")));
        Tour.isTrue("TaskHandle", !t.sqs.startMessageMoveTask(r -> r.sourceArn(source)).taskHandle().isEmpty());
        Tour.equal("ApproximateNumberOfMessagesMoved", task(t, source, "COMPLETED").approximateNumberOfMessagesMoved(), 3L);
        Tour.equal("moved back", t.receive(pair[0], 3).stream().map(Message::body).sorted().toList(), List.of("m0", "m1", "m2"));
        Tour.refused(ResourceNotFoundException.class, "ResourceNotFoundException", () -> t.sqs.startMessageMoveTask(r -> r.sourceArn(source + "-missing")));
    }

    static void moveTaskCancel(Tour t) {
        String source = t.arn(pair(t, 10)[1]);
        String other = t.queue();
        String to = t.arn(other);
        String handle = t.sqs.startMessageMoveTask(r -> r.sourceArn(source).destinationArn(to).maxNumberOfMessagesPerSecond(1)).taskHandle();
        t.receive(other, 1);
        long moved = t.sqs.cancelMessageMoveTask(r -> r.taskHandle(handle)).approximateNumberOfMessagesMoved();
        Tour.isTrue("moved " + moved, moved >= 1 && moved < 10);
        task(t, source, "CANCELLED");
        Tour.refused("ResourceNotFoundException|InvalidParameterValue", () -> t.sqs.cancelMessageMoveTask(r -> r.taskHandle("garbage")));
    }
}
