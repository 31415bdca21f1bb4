import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sns.model.BatchEntryIdsNotDistinctException;
import software.amazon.awssdk.services.sns.model.BatchRequestTooLongException;
import software.amazon.awssdk.services.sns.model.EmptyBatchRequestException;
import software.amazon.awssdk.services.sns.model.InvalidBatchEntryIdException;
import software.amazon.awssdk.services.sns.model.InvalidParameterException;
import software.amazon.awssdk.services.sns.model.InvalidParameterValueException;
import software.amazon.awssdk.services.sns.model.MessageAttributeValue;
import software.amazon.awssdk.services.sns.model.NotFoundException;
import software.amazon.awssdk.services.sns.model.PublishBatchRequestEntry;
import software.amazon.awssdk.services.sns.model.TooManyEntriesInBatchRequestException;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** What subscribers of a topic get. */
final class Publishing {
    private static final Map<String, String> RAW = Map.of("RawMessageDelivery", "true");
    private static final String BAD = "InvalidParameter";

    /** A new queue that subscribes. */
    private static String subscribed(Tour t, String topic, Map<String, String> attributes) {
        String url = topic.endsWith(".fifo") ? t.queue(Map.of(QueueAttributeName.FIFO_QUEUE, "true")) : t.queue();
        String queue = t.arn(url);
        t.sns.subscribe(r -> r.topicArn(topic).protocol("sqs").endpoint(queue).attributes(attributes));
        return url;
    }

    private static MessageAttributeValue value(String type, String text) {
        return MessageAttributeValue.builder().dataType(type).stringValue(text).build();
    }

    private static List<String> bodies(Tour t, String url, int count) {
        return t.receive(url, count).stream().map(Message::body).sorted().toList();
    }

    static void publish(Tour t) {
        String arn = Subscriptions.topic(t, Map.of());
        String document = subscribed(t, arn, Map.of());
        String raw = subscribed(t, arn, RAW);
        String text = "Gr\u00f6\u00dfe \"x\"";
        Map<String, MessageAttributeValue> attributes = Map.of("kind", value("String", "x"), "n", value("Number", "7"),
            "b", MessageAttributeValue.builder().dataType("Binary").binaryValue(SdkBytes.fromByteArray(new byte[] {1, 2})).build());
        String id = t.sns.publish(r -> r.topicArn(arn).message(text).subject("s").messageAttributes(attributes)).messageId();
        String got = bodies(t, document, 1).get(0);
        for (String part : List.of("\"MessageId\" : \"" + id + "\"", "\"TopicArn\" : \"" + arn + "\"", "\"Subject\" : \"s\"", "\"Message\" : \"Gr\u00f6\u00dfe \\\"x\\\"\"")) {
            Tour.isTrue(part + " is in " + got, got.contains(part));
        }
        Message m = t.receive(raw, 1).get(0);
        Tour.equal("raw", m.body(), text);
        Tour.equal("a binary attribute", m.messageAttributes().get("b").binaryValue(), SdkBytes.fromByteArray(new byte[] {1, 2}));
        t.sns.publish(r -> r.topicArn(arn).messageStructure("json").message("{\"default\": \"d\", \"sqs\": \"q\"}"));
        Tour.isTrue("the text for queues", bodies(t, document, 1).get(0).contains("\"Message\" : \"q\""));
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.publish(r -> r.topicArn(arn).message("")));
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.publish(r -> r.topicArn(arn).message("x".repeat(262_145))));
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.publish(r -> r.topicArn(arn).message("m").messageStructure("json")));
        Tour.refused(InvalidParameterValueException.class, "ParameterValueInvalid", () -> t.sns.publish(r -> r.topicArn(arn).message("m").messageAttributes(Map.of("n", value("Number", "x")))));
        Tour.refused(NotFoundException.class, "NotFound", () -> t.sns.publish(r -> r.topicArn(arn + "-none").message("m")));
    }

    static void filter(Tour t) {
        String arn = Subscriptions.topic(t, Map.of());
        String byAttribute = subscribed(t, arn, Map.of("RawMessageDelivery", "true", "FilterPolicy", "{\"kind\": [\"x\", {\"prefix\": \"y\"}], \"n\": [{\"numeric\": [\">\", 5]}]}"));
        String byBody = subscribed(t, arn, Map.of("RawMessageDelivery", "true", "FilterPolicyScope", "MessageBody", "FilterPolicy", "{\"order\": {\"total\": [{\"numeric\": [\">=\", 100]}]}}"));
        List<List<String>> messages = List.of(List.of("one", "x", "6"), List.of("two", "x", "5"), List.of("three", "z", "6"),
            List.of("{\"order\":{\"total\":100}}", "yes", "7"), List.of("{\"order\":{\"total\":99}}", "no", "7"));
        for (List<String> m : messages) {
            t.sns.publish(r -> r.topicArn(arn).message(m.get(0)).messageAttributes(Map.of("kind", value("String", m.get(1)), "n", value("Number", m.get(2)))));
        }
        Tour.equal("by attributes", bodies(t, byAttribute, 2), List.of("one", "{\"order\":{\"total\":100}}"));
        Tour.equal("by body", bodies(t, byBody, 1), List.of("{\"order\":{\"total\":100}}"));
        Tour.equal("nothing else", t.once(byAttribute, r -> { }).size() + t.once(byBody, r -> { }).size(), 0);
    }

    private static PublishBatchRequestEntry entry(String id, String message) {
        return PublishBatchRequestEntry.builder().id(id).message(message).build();
    }

    static void batch(Tour t) {
        String arn = Subscriptions.topic(t, Map.of());
        String url = subscribed(t, arn, RAW);
        var out = t.sns.publishBatch(r -> r.topicArn(arn).publishBatchRequestEntries(entry("one", "1"), entry("bad", ""), entry("two", "2")));
        Tour.equal("successful", out.successful().stream().map(e -> e.id()).toList(), List.of("one", "two"));
        Tour.equal("failed", out.failed().stream().map(e -> e.id() + e.code() + e.senderFault()).toList(), List.of("badInvalidParametertrue"));
        Tour.equal("messages", bodies(t, url, 2), List.of("1", "2"));
        Tour.refused(EmptyBatchRequestException.class, "EmptyBatchRequest", () -> t.sns.publishBatch(r -> r.topicArn(arn).publishBatchRequestEntries(List.of())));
        List<PublishBatchRequestEntry> eleven = IntStream.range(0, 11).mapToObj(i -> entry("e" + i, "m")).toList();
        Tour.refused(TooManyEntriesInBatchRequestException.class, "TooManyEntriesInBatchRequest", () -> t.sns.publishBatch(r -> r.topicArn(arn).publishBatchRequestEntries(eleven)));
        Tour.refused(BatchEntryIdsNotDistinctException.class, "BatchEntryIdsNotDistinct", () -> t.sns.publishBatch(r -> r.topicArn(arn).publishBatchRequestEntries(entry("a", "1"), entry("a", "2"))));
        Tour.refused(InvalidBatchEntryIdException.class, "InvalidBatchEntryId", () -> t.sns.publishBatch(r -> r.topicArn(arn).publishBatchRequestEntries(entry("a b", "1"))));
        String half = "x".repeat(150_000);
        Tour.refused(BatchRequestTooLongException.class, "BatchRequestTooLong", () -> t.sns.publishBatch(r -> r.topicArn(arn).publishBatchRequestEntries(entry("a", half), entry("b", half))));
    }

    static void fifo(Tour t) {
        String arn = Subscriptions.topic(t, Map.of("FifoTopic", "true"));
        String url = subscribed(t, arn, RAW);
        String first = t.sns.publish(r -> r.topicArn(arn).message("1").messageGroupId("g").messageDeduplicationId("a")).sequenceNumber();
        String second = t.sns.publish(r -> r.topicArn(arn).message("2").messageGroupId("g").messageDeduplicationId("b")).sequenceNumber();
        Tour.isTrue(first + " is before " + second, first.length() == 20 && first.compareTo(second) < 0);
        t.sns.publish(r -> r.topicArn(arn).message("3").messageGroupId("g").messageDeduplicationId("a"));
        // A published message is in its queue when Publish answers, so one receive is enough to see that there is no third.
        Tour.equal("in order, once", t.once(url, r -> { }).stream().map(Message::body).toList(), List.of("1", "2"));
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.publish(r -> r.topicArn(arn).message("m").messageDeduplicationId("c")));
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.publish(r -> r.topicArn(arn).message("m").messageGroupId("g")));
    }

    private Publishing() {}
}
