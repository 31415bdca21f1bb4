import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sqs.model.BatchEntryIdsNotDistinctException;
import software.amazon.awssdk.services.sqs.model.BatchRequestTooLongException;
import software.amazon.awssdk.services.sqs.model.EmptyBatchRequestException;
import software.amazon.awssdk.services.sqs.model.InvalidMessageContentsException;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeNameForSends;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeValue;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiptHandleIsInvalidException;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.TooManyEntriesInBatchRequestException;

/** Messages on standard queues. */
final class Messages {
    private static final int MIB = 1 << 20;
    private static final String UNICODE = "Grüße, 世界! 🎉 \u00a0 <xml>&amp; \"quoted\" 'single' \\back\t\r\n€ + %20 = & ;";

    static void roundtrip(Tour t) {
        String url = t.queue();
        for (String body : List.of("hello", UNICODE, " spaces ", "{\"json\": [1, 2.50, null]}")) {
            String id = t.sqs.sendMessage(r -> r.queueUrl(url).messageBody(body)).messageId();
            Message m = t.receive(url, 1).get(0);
            Tour.equal("Body", m.body(), body);
            Tour.equal("MessageId", m.messageId(), id);
            Tour.equal("ApproximateReceiveCount", m.attributesAsStrings().get("ApproximateReceiveCount"), "1");
            t.delete(url, m);
            t.delete(url, m);
        }
        Tour.equal("counts", t.counts(url), List.of(0, 0, 0));
        Tour.refused("InvalidParameterValue", () -> t.once(url, r -> r.maxNumberOfMessages(11)));
        Tour.refused("InvalidParameterValue", () -> t.once(url, r -> r.waitTimeSeconds(21)));
    }

    /** The SDK itself compares the MD5s of the attributes, both ways. */
    static void attributes(Tour t) {
        String url = t.queue();
        byte[] raw = new byte[256];
        for (int i = 0; i < raw.length; i++) {
            raw[i] = (byte) i;
        }
        Map<String, MessageAttributeValue> given = Map.of("text", text("String", UNICODE), "whole", text("Number", "-12.50"),
            "custom.kind", text("String.colour", "red"),
            "raw", MessageAttributeValue.builder().dataType("Binary").binaryValue(SdkBytes.fromByteArray(raw)).build());
        String trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
        t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("attributed").messageAttributes(given).messageSystemAttributes(Map.of(
            MessageSystemAttributeNameForSends.AWS_TRACE_HEADER, MessageSystemAttributeValue.builder().dataType("String").stringValue(trace).build())));
        Message m = t.receive(url, 1).get(0);
        Tour.equal("MessageAttributes", m.messageAttributes(), given);
        Tour.equal("AWSTraceHeader", m.attributes().get(MessageSystemAttributeName.AWS_TRACE_HEADER), trace);
        for (var bad : List.of(Map.of("AWS.mine", text("String", "x")), Map.of("kind", text("Strange", "x")), Map.of("n", text("Number", "twelve")))) {
            Tour.refused("InvalidParameterValue", () -> t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("x").messageAttributes(bad)));
        }
    }

    private static MessageAttributeValue text(String kind, String value) {
        return MessageAttributeValue.builder().dataType(kind).stringValue(value).build();
    }

    static void limits(Tour t) {
        String url = t.queue();
        String big = "ü".repeat(MIB / 2);
        t.sqs.sendMessage(r -> r.queueUrl(url).messageBody(big));
        Message m = t.receive(url, 1).get(0);
        Tour.isTrue("1 MiB came back the same", m.body().equals(big));
        t.delete(url, m);
        Tour.refused("InvalidParameterValue", () -> t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("x".repeat(MIB + 1))));
        Tour.refused("InvalidParameterValue", () -> t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("x").delaySeconds(901)));
        Tour.refused("MissingParameter|InvalidParameterValue", () -> t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("")));
        for (String bad : List.of("a\u0000b", "\u000b", "\ufffe")) {
            Tour.refused(InvalidMessageContentsException.class, "InvalidMessageContents", () -> t.sqs.sendMessage(r -> r.queueUrl(url).messageBody(bad)));
        }
        Tour.equal("counts", t.counts(url), List.of(0, 0, 0));
    }

    private static SendMessageBatchRequestEntry entry(String id, String body, int delay) {
        return SendMessageBatchRequestEntry.builder().id(id).messageBody(body).delaySeconds(delay).build();
    }

    static void batch(Tour t) {
        String url = t.queue();
        List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            entries.add(entry("id_" + i, "body " + i, 0));
        }
        Tour.equal("sent", t.sqs.sendMessageBatch(r -> r.queueUrl(url).entries(entries)).successful().size(), 10);
        List<Message> messages = t.receive(url, 10);
        Tour.equal("bodies", messages.stream().map(Message::body).sorted().toList(), entries.stream().map(SendMessageBatchRequestEntry::messageBody).toList());
        for (Message m : messages) {
            var changed = t.sqs.changeMessageVisibilityBatch(r -> r.queueUrl(url).entries(e -> e.id("a").receiptHandle(m.receiptHandle()).visibilityTimeout(60)));
            Tour.equal("visibilities changed", changed.successful().size(), 1);
            Tour.equal("deleted", t.sqs.deleteMessageBatch(r -> r.queueUrl(url).entries(e -> e.id("a").receiptHandle(m.receiptHandle()))).successful().size(), 1);
        }
        Tour.equal("counts", t.counts(url), List.of(0, 0, 0));
    }

    static void batchErrors(Tour t) {
        String url = t.queue();
        Tour.refused(EmptyBatchRequestException.class, Tour.PREFIX + "EmptyBatchRequest", () -> t.sqs.sendMessageBatch(r -> r.queueUrl(url).entries(List.of())));
        List<SendMessageBatchRequestEntry> eleven = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            eleven.add(entry("e" + i, "x", 0));
        }
        Tour.refused(TooManyEntriesInBatchRequestException.class, Tour.PREFIX + "TooManyEntriesInBatchRequest",
            () -> t.sqs.sendMessageBatch(r -> r.queueUrl(url).entries(eleven)));
        Tour.refused(BatchEntryIdsNotDistinctException.class, Tour.PREFIX + "BatchEntryIdsNotDistinct",
            () -> t.sqs.sendMessageBatch(r -> r.queueUrl(url).entries(entry("a", "x", 0), entry("a", "y", 0))));
        Tour.refused(Tour.PREFIX + "InvalidBatchEntryId", () -> t.sqs.sendMessageBatch(r -> r.queueUrl(url).entries(entry("spa ce", "x", 0))));
        Tour.refused(BatchRequestTooLongException.class, Tour.PREFIX + "BatchRequestTooLong",
            () -> t.sqs.sendMessageBatch(r -> r.queueUrl(url).entries(entry("a", "x".repeat(MIB / 2), 0), entry("b", "x".repeat(MIB / 2 + 1), 0))));
        var got = t.sqs.sendMessageBatch(r -> r.queueUrl(url).entries(entry("good", "x", 0), entry("late", "x", 901), entry("chars", "a\u0001b", 0)));
        Tour.equal("Failed", got.failed().stream().map(f -> f.id() + " " + f.code() + " " + f.senderFault()).sorted().toList(),
            List.of("chars InvalidMessageContents true", "late InvalidParameterValue true"));
        Tour.equal("Successful", got.successful().size(), 1);
    }

    static void delay(Tour t) {
        String url = t.queue();
        long began = System.nanoTime();
        t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("late").delaySeconds(1));
        Tour.equal("counts of a delayed message", t.counts(url), List.of(0, 0, 1));
        Tour.equal("Body", t.receive(url, 1).get(0).body(), "late");
        Tour.isTrue("it was delayed", System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(900));
    }

    static void visibility(Tour t) {
        String url = t.queue();
        t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("one"));
        Message first = t.receive(url, 1, r -> r.visibilityTimeout(1)).get(0);
        Tour.equal("a message in flight", t.once(url, r -> { }).size(), 0);
        Message second = t.receive(url, 1).get(0);
        Tour.equal("ApproximateReceiveCount", second.attributesAsStrings().get("ApproximateReceiveCount"), "2");
        Tour.equal("MessageId", second.messageId(), first.messageId());
        t.sqs.changeMessageVisibility(r -> r.queueUrl(url).receiptHandle(second.receiptHandle()).visibilityTimeout(0));
        Tour.refused(Tour.PREFIX + "MessageNotInflight|InvalidParameterValue",
            () -> t.sqs.changeMessageVisibility(r -> r.queueUrl(url).receiptHandle(second.receiptHandle()).visibilityTimeout(9)));
        Message third = t.receive(url, 1).get(0);
        Tour.refused("InvalidParameterValue", () -> t.sqs.changeMessageVisibility(r -> r.queueUrl(url).receiptHandle(third.receiptHandle()).visibilityTimeout(43201)));
        Tour.refused(ReceiptHandleIsInvalidException.class, "ReceiptHandleIsInvalid",
            () -> t.sqs.changeMessageVisibility(r -> r.queueUrl(url).receiptHandle("garbage").visibilityTimeout(1)));
        Tour.refused(ReceiptHandleIsInvalidException.class, "ReceiptHandleIsInvalid", () -> t.sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle("garbage")));
        t.delete(url, third);
        Tour.equal("counts", t.counts(url), List.of(0, 0, 0));
    }

    static void longPoll(Tour t) {
        String url = t.queue(Map.of(QueueAttributeName.RECEIVE_MESSAGE_WAIT_TIME_SECONDS, "1"));
        long began = System.nanoTime();
        Tour.equal("an empty queue", t.once(url, r -> { }).size(), 0);
        Tour.isTrue("it waits", System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(900));
        var waiting = CompletableFuture.supplyAsync(() -> t.once(url, r -> r.waitTimeSeconds(20)));
        long sent = System.nanoTime();
        t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("wake up"));
        Tour.equal("what woke it", waiting.join().get(0).body(), "wake up");
        Tour.isTrue("woken in time", System.nanoTime() - sent < TimeUnit.SECONDS.toNanos(5));
    }
}
