import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import software.amazon.awssdk.services.sqs.model.InvalidAttributeNameException;
import software.amazon.awssdk.services.sqs.model.PurgeQueueInProgressException;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueDeletedRecentlyException;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;
import software.amazon.awssdk.services.sqs.model.QueueNameExistsException;

/** Queues themselves. */
final class Queues {
    static void identity(Tour t) {
        var got = t.sts.getCallerIdentity();
        Tour.equal("Account", got.account(), t.account);
        Tour.isTrue("Arn begins with the account", got.arn().startsWith("arn:aws:iam::" + t.account + ":"));
    }

    static void create(Tour t) {
        String name = Tour.name("q");
        Supplier<String> again = () -> t.sqs.createQueue(r -> r.queueName(name).attributes(Map.of(QueueAttributeName.VISIBILITY_TIMEOUT, "41"))).queueUrl();
        String url = again.get();
        Tour.equal("QueueUrl", url, t.endpoint + "/" + t.account + "/" + name);
        Tour.equal("the same again", again.get(), url);
        Tour.refused(QueueNameExistsException.class, "QueueAlreadyExists",
            () -> t.sqs.createQueue(r -> r.queueName(name).attributes(Map.of(QueueAttributeName.VISIBILITY_TIMEOUT, "42"))));
        Tour.equal("GetQueueUrl", t.sqs.getQueueUrl(r -> r.queueName(name)).queueUrl(), url);
        Tour.refused(QueueDoesNotExistException.class, Tour.GONE, () -> t.sqs.getQueueUrl(r -> r.queueName(name + "-never")));
        Map<String, String> got = t.attributes(url);
        Tour.equal("QueueArn", got.get("QueueArn"), "arn:aws:sqs:" + Tour.REGION + ":" + t.account + ":" + name);
        Tour.equal("VisibilityTimeout", got.get("VisibilityTimeout"), "41");
        Tour.equal("MaximumMessageSize", got.get("MaximumMessageSize"), "1048576");
        for (String bad : List.of("with space", "q".repeat(81), "ümlaut")) {
            Tour.refused("InvalidParameterValue", () -> t.sqs.createQueue(r -> r.queueName(bad)));
        }
    }

    static void attributes(Tour t) {
        String url = t.queue();
        Map<QueueAttributeName, String> wanted = Map.of(QueueAttributeName.DELAY_SECONDS, "7", QueueAttributeName.MAXIMUM_MESSAGE_SIZE, "2048",
            QueueAttributeName.MESSAGE_RETENTION_PERIOD, "3600", QueueAttributeName.RECEIVE_MESSAGE_WAIT_TIME_SECONDS, "3");
        t.sqs.setQueueAttributes(r -> r.queueUrl(url).attributes(wanted));
        Map<String, String> got = t.attributes(url);
        wanted.forEach((k, v) -> Tour.equal(k.toString(), got.get(k.toString()), v));
        for (var bad : Map.of(QueueAttributeName.VISIBILITY_TIMEOUT, "43201", QueueAttributeName.DELAY_SECONDS, "901",
                QueueAttributeName.REDRIVE_POLICY, "no json").entrySet()) {
            Tour.refused("InvalidAttributeValue|InvalidParameterValue",
                () -> t.sqs.setQueueAttributes(r -> r.queueUrl(url).attributes(Map.of(bad.getKey(), bad.getValue()))));
        }
        Tour.refused(InvalidAttributeNameException.class, "InvalidAttributeName",
            () -> t.sqs.setQueueAttributes(r -> r.queueUrl(url).attributesWithStrings(Map.of("Nonsense", "1"))));
        Tour.equal("DelaySeconds after refused changes", t.attributes(url).get("DelaySeconds"), "7");
    }

    static void list(Tour t) {
        String stem = Tour.name("list");
        List<String> urls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            String name = stem + "-" + i;
            urls.add(t.sqs.createQueue(r -> r.queueName(name)).queueUrl());
        }
        List<String> seen = new ArrayList<>();
        t.sqs.listQueuesPaginator(r -> r.queueNamePrefix(stem).maxResults(2)).forEach(page -> {
            Tour.isTrue("a page of two", page.queueUrls().size() <= 2);
            seen.addAll(page.queueUrls());
        });
        Tour.equal("all pages together", seen.stream().sorted().toList(), urls);
    }

    static void delete(Tour t) {
        String url = t.queue();
        t.sqs.deleteQueue(r -> r.queueUrl(url));
        Tour.refused(QueueDeletedRecentlyException.class, Tour.PREFIX + "QueueDeletedRecently",
            () -> t.sqs.createQueue(r -> r.queueName(url.substring(url.lastIndexOf('/') + 1))));
        Map<String, Supplier<?>> calls = Map.ofEntries(
            Map.entry("AddPermission", () -> t.sqs.addPermission(r -> r.queueUrl(url).label("l").awsAccountIds("111122223333").actions("SendMessage"))),
            Map.entry("ChangeMessageVisibility", () -> t.sqs.changeMessageVisibility(r -> r.queueUrl(url).receiptHandle("x").visibilityTimeout(1))),
            Map.entry("ChangeMessageVisibilityBatch", () -> t.sqs.changeMessageVisibilityBatch(r -> r.queueUrl(url).entries(e -> e.id("a").receiptHandle("x").visibilityTimeout(1)))),
            Map.entry("DeleteMessage", () -> t.sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle("x"))),
            Map.entry("DeleteMessageBatch", () -> t.sqs.deleteMessageBatch(r -> r.queueUrl(url).entries(e -> e.id("a").receiptHandle("x")))),
            Map.entry("DeleteQueue", () -> t.sqs.deleteQueue(r -> r.queueUrl(url))),
            Map.entry("GetQueueAttributes", () -> t.sqs.getQueueAttributes(r -> r.queueUrl(url))),
            Map.entry("ListDeadLetterSourceQueues", () -> t.sqs.listDeadLetterSourceQueues(r -> r.queueUrl(url))),
            Map.entry("ListQueueTags", () -> t.sqs.listQueueTags(r -> r.queueUrl(url))),
            Map.entry("PurgeQueue", () -> t.sqs.purgeQueue(r -> r.queueUrl(url))),
            Map.entry("ReceiveMessage", () -> t.sqs.receiveMessage(r -> r.queueUrl(url))),
            Map.entry("RemovePermission", () -> t.sqs.removePermission(r -> r.queueUrl(url).label("l"))),
            Map.entry("SendMessage", () -> t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("x"))),
            Map.entry("SendMessageBatch", () -> t.sqs.sendMessageBatch(r -> r.queueUrl(url).entries(e -> e.id("a").messageBody("x")))),
            Map.entry("SetQueueAttributes", () -> t.sqs.setQueueAttributes(r -> r.queueUrl(url).attributesWithStrings(Map.of("DelaySeconds", "1")))),
            Map.entry("TagQueue", () -> t.sqs.tagQueue(r -> r.queueUrl(url).tags(Map.of("a", "b")))),
            Map.entry("UntagQueue", () -> t.sqs.untagQueue(r -> r.queueUrl(url).tagKeys("a"))));
        calls.forEach((operation, call) -> Tour.refused(QueueDoesNotExistException.class, Tour.GONE, call));
    }

    static void purge(Tour t) {
        String url = t.queue();
        t.sqs.sendMessage(r -> r.queueUrl(url).messageBody("x"));
        t.sqs.purgeQueue(r -> r.queueUrl(url));
        Tour.equal("counts after a purge", t.counts(url), List.of(0, 0, 0));
        Tour.refused(PurgeQueueInProgressException.class, Tour.PREFIX + "PurgeQueueInProgress", () -> t.sqs.purgeQueue(r -> r.queueUrl(url)));
    }

    static void tags(Tour t) {
        String url = t.sqs.createQueue(r -> r.queueName(Tour.name("tagged")).tags(Map.of("team", "münchen", "empty", ""))).queueUrl();
        t.sqs.tagQueue(r -> r.queueUrl(url).tags(Map.of("team", "zürich", "cost", "42")));
        t.sqs.untagQueue(r -> r.queueUrl(url).tagKeys("empty", "never"));
        Tour.equal("tags", t.sqs.listQueueTags(r -> r.queueUrl(url)).tags(), Map.of("team", "zürich", "cost", "42"));
    }

    static void permissions(Tour t) {
        String url = t.queue();
        Supplier<?> add = () -> t.sqs.addPermission(r -> r.queueUrl(url).label("share").awsAccountIds("111122223333").actions("SendMessage"));
        add.get();
        Tour.isTrue("Policy has the label", t.attributes(url).get("Policy").contains("\"share\""));
        Tour.refused("InvalidParameterValue", add);
        t.sqs.removePermission(r -> r.queueUrl(url).label("share"));
        Tour.equal("Policy", t.attributes(url).get("Policy"), null);
        Tour.refused("InvalidParameterValue", () -> t.sqs.removePermission(r -> r.queueUrl(url).label("share")));
    }
}
