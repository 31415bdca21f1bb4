import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import software.amazon.awssdk.services.sns.model.InvalidParameterException;
import software.amazon.awssdk.services.sns.model.NotFoundException;
import software.amazon.awssdk.services.sns.model.PhoneNumberInformation;
import software.amazon.awssdk.services.sns.model.ResourceNotFoundException;
import software.amazon.awssdk.services.sns.model.SMSSandboxPhoneNumber;
import software.amazon.awssdk.services.sns.model.Subscription;
import software.amazon.awssdk.services.sns.model.Tag;
import software.amazon.awssdk.services.sns.model.Topic;
import software.amazon.awssdk.services.sns.model.VerificationException;

/** Topics and who subscribes to them; devices and phone numbers. */
final class Subscriptions {
    private static final String BAD = "InvalidParameter";
    private static final String GONE = "NotFound";

    static String topic(Tour t, Map<String, String> attributes) {
        String name = Tour.name("topic") + (attributes.containsKey("FifoTopic") ? ".fifo" : "");
        return t.sns.createTopic(r -> r.name(name).attributes(attributes)).topicArn();
    }

    private static Map<String, String> attributes(Tour t, String arn) {
        return t.sns.getTopicAttributes(r -> r.topicArn(arn)).attributes();
    }

    static void create(Tour t) {
        String name = Tour.name("topic");
        Tag tag = Tag.builder().key("a").value("1").build();
        String arn = t.sns.createTopic(r -> r.name(name).attributes(Map.of("DisplayName", "Shop")).tags(tag)).topicArn();
        Tour.equal("TopicArn", arn, "arn:aws:sns:" + Tour.REGION + ":" + t.account + ":" + name);
        Tour.equal("the same again", t.sns.createTopic(r -> r.name(name)).topicArn(), arn);
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.createTopic(r -> r.name(name).attributes(Map.of("DisplayName", "Store"))));
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.createTopic(r -> r.name("a b")));
        Map<String, String> got = attributes(t, arn);
        Tour.equal("attributes", List.of(got.get("TopicArn"), got.get("Owner"), got.get("DisplayName"), got.get("SubscriptionsConfirmed")), List.of(arn, t.account, "Shop", "0"));
        t.sns.tagResource(r -> r.resourceArn(arn).tags(Tag.builder().key("b").value("").build()));
        t.sns.untagResource(r -> r.resourceArn(arn).tagKeys("a"));
        Tour.equal("tags", t.sns.listTagsForResource(r -> r.resourceArn(arn)).tags(), List.of(Tag.builder().key("b").value("").build()));
        Tour.refused(ResourceNotFoundException.class, "ResourceNotFound", () -> t.sns.listTagsForResource(r -> r.resourceArn(arn + "-none")));
        t.sns.deleteTopic(r -> r.topicArn(arn));
        t.sns.deleteTopic(r -> r.topicArn(arn));
        Tour.refused(NotFoundException.class, GONE, () -> attributes(t, arn));
    }

    static void attributes(Tour t) {
        String arn = topic(t, Map.of());
        Map<String, String> given = Map.of("DisplayName", "Gr\u00f6\u00dfe", "SignatureVersion", "2", "TracingConfig", "Active",
            "DeliveryPolicy", "{\"http\": {\"defaultHealthyRetryPolicy\": {\"numRetries\": 5}}}");
        given.forEach((name, value) -> {
            t.sns.setTopicAttributes(r -> r.topicArn(arn).attributeName(name).attributeValue(value));
            Tour.equal(name, attributes(t, arn).get(name), value);
        });
        Map<String, String> before = attributes(t, arn);
        Map.of("Nonsense", "x", "Policy", "{}", "DeliveryPolicy", "x", "SignatureVersion", "3", "ContentBasedDeduplication", "true").forEach((name, value) ->
            Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.setTopicAttributes(r -> r.topicArn(arn).attributeName(name).attributeValue(value))));
        Tour.equal("attributes after refused calls", attributes(t, arn), before);
    }

    static void policy(Tour t) {
        String arn = topic(t, Map.of());
        t.sns.addPermission(r -> r.topicArn(arn).label("one").awsAccountIds("123456789012").actionNames("Publish"));
        Tour.isTrue("the statement is there", attributes(t, arn).get("Policy").contains("\"Sid\":\"one\""));
        Tour.refused(InvalidParameterException.class, BAD,
            () -> t.sns.addPermission(r -> r.topicArn(arn).label("one").awsAccountIds("123456789012").actionNames("Publish")));
        t.sns.removePermission(r -> r.topicArn(arn).label("one"));
        Tour.isTrue("the statement is gone", !attributes(t, arn).get("Policy").contains("\"Sid\":\"one\""));
        String protection = "{\"Name\": \"p\", \"Version\": \"2021-06-01\", \"Statement\": []}";
        t.sns.putDataProtectionPolicy(r -> r.resourceArn(arn).dataProtectionPolicy(protection));
        Tour.equal("DataProtectionPolicy", t.sns.getDataProtectionPolicy(r -> r.resourceArn(arn)).dataProtectionPolicy(), protection);
    }

    static void subscribe(Tour t) {
        String arn = topic(t, Map.of());
        String queue = t.arn(t.queue());
        String sub = t.sns.subscribe(r -> r.topicArn(arn).protocol("sqs").endpoint(queue)).subscriptionArn();
        Tour.isTrue("the topic's ARN begins " + sub, sub.startsWith(arn + ":"));
        Tour.equal("the same again", t.sns.subscribe(r -> r.topicArn(arn).protocol("sqs").endpoint(queue)).subscriptionArn(), sub);
        Tour.refused(InvalidParameterException.class, BAD,
            () -> t.sns.subscribe(r -> r.topicArn(arn).protocol("sqs").endpoint(queue).attributes(Map.of("RawMessageDelivery", "true"))));
        Subscription want = Subscription.builder().subscriptionArn(sub).owner(t.account).protocol("sqs").endpoint(queue).topicArn(arn).build();
        Tour.equal("by topic", t.sns.listSubscriptionsByTopic(r -> r.topicArn(arn)).subscriptions(), List.of(want));

        Tour.equal("one that waits", t.sns.subscribe(r -> r.topicArn(arn).protocol("email").endpoint("ops@example.com")).subscriptionArn(), "pending confirmation");
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.confirmSubscription(r -> r.topicArn(arn).token("made up")));
        Map.of("sqs", "x", "http", "https://example.com", "email", "nobody", "sms", "x", "lambda", "x", "pigeon", "x", "application", arn).forEach((protocol, endpoint) ->
            Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.subscribe(r -> r.topicArn(arn).protocol(protocol).endpoint(endpoint))));
        Tour.refused(NotFoundException.class, GONE, () -> t.sns.subscribe(r -> r.topicArn(arn + "-none").protocol("sqs").endpoint(queue)));
        t.sns.unsubscribe(r -> r.subscriptionArn(sub));
        t.sns.unsubscribe(r -> r.subscriptionArn(sub));
        Tour.refused(NotFoundException.class, GONE, () -> t.sns.getSubscriptionAttributes(r -> r.subscriptionArn(sub)));
    }

    static void pages(Tour t) {
        String arn = topic(t, Map.of());
        Set<String> numbers = new HashSet<>();
        List<String> topics = new ArrayList<>(List.of(arn));
        for (int i = 0; i < 120; i++) {
            String number = String.format("+4917012345%03d", i);
            numbers.add(number);
            t.sns.subscribe(r -> r.topicArn(arn).protocol("sms").endpoint(number));
            topics.add(topic(t, Map.of()));
        }
        Set<String> found = new HashSet<>();
        t.sns.listSubscriptionsByTopicPaginator(r -> r.topicArn(arn)).subscriptions().forEach(s -> found.add(s.endpoint()));
        Tour.equal("by topic", found, numbers);
        Tour.equal("of the account", t.sns.listSubscriptionsPaginator().subscriptions().stream().filter(s -> s.topicArn().equals(arn)).count(), 120L);
        Tour.isTrue("ListTopics has them all", t.sns.listTopicsPaginator().topics().stream().map(Topic::topicArn).toList().containsAll(topics));
    }

    static void settings(Tour t) {
        String dead = t.arn(t.queue());
        String queue = t.arn(t.queue());
        Map<String, String> given = Map.of("FilterPolicy", "{\"store\": [\"a\", {\"prefix\": \"b\"}]}", "RawMessageDelivery", "true",
            "RedrivePolicy", "{\"deadLetterTargetArn\": \"" + dead + "\"}");
        String arn = topic(t, Map.of());
        String sub = t.sns.subscribe(r -> r.topicArn(arn).protocol("sqs").endpoint(queue).attributes(given)).subscriptionArn();
        Map<String, String> first = t.sns.getSubscriptionAttributes(r -> r.subscriptionArn(sub)).attributes();
        given.forEach((name, value) -> Tour.equal(name, first.get(name), value));
        Tour.equal("FilterPolicyScope", first.get("FilterPolicyScope"), "MessageAttributes");
        t.sns.setSubscriptionAttributes(r -> r.subscriptionArn(sub).attributeName("FilterPolicyScope").attributeValue("MessageBody"));
        Map.of("Nonsense", "", "FilterPolicy", "{\"a\": \"b\"}", "RawMessageDelivery", "x", "RedrivePolicy", "{\"maxReceiveCount\": 3}").forEach((name, value) ->
            Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.setSubscriptionAttributes(r -> r.subscriptionArn(sub).attributeName(name).attributeValue(value))));
        Tour.equal("after refused calls", t.sns.getSubscriptionAttributes(r -> r.subscriptionArn(sub)).attributes().get("FilterPolicyScope"), "MessageBody");
    }

    static void push(Tour t) {
        String name = Tour.name("app");
        String app = t.sns.createPlatformApplication(r -> r.name(name).platform("GCM").attributes(Map.of("PlatformCredential", "secret"))).platformApplicationArn();
        t.sns.setPlatformApplicationAttributes(r -> r.platformApplicationArn(app).attributes(Map.of("SuccessFeedbackSampleRate", "10")));
        Tour.equal("application", t.sns.getPlatformApplicationAttributes(r -> r.platformApplicationArn(app)).attributes(), Map.of("Enabled", "true", "SuccessFeedbackSampleRate", "10"));
        Tour.isTrue("ListPlatformApplications", t.sns.listPlatformApplicationsPaginator().platformApplications().stream().anyMatch(a -> a.platformApplicationArn().equals(app)));
        String device = t.sns.createPlatformEndpoint(r -> r.platformApplicationArn(app).token("t").customUserData("u")).endpointArn();
        Tour.equal("the same again", t.sns.createPlatformEndpoint(r -> r.platformApplicationArn(app).token("t").customUserData("u")).endpointArn(), device);
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.createPlatformEndpoint(r -> r.platformApplicationArn(app).token("t").customUserData("v")));
        t.sns.setEndpointAttributes(r -> r.endpointArn(device).attributes(Map.of("Enabled", "false")));
        Tour.equal("device", t.sns.getEndpointAttributes(r -> r.endpointArn(device)).attributes(), Map.of("Token", "t", "CustomUserData", "u", "Enabled", "false"));
        Tour.equal("devices", t.sns.listEndpointsByPlatformApplicationPaginator(r -> r.platformApplicationArn(app)).endpoints().stream().count(), 1L);
        t.sns.deleteEndpoint(r -> r.endpointArn(device));
        Tour.refused(NotFoundException.class, GONE, () -> t.sns.getEndpointAttributes(r -> r.endpointArn(device)));
        t.sns.deletePlatformApplication(r -> r.platformApplicationArn(app));
    }

    static void text(Tour t) {
        t.sns.setSMSAttributes(r -> r.attributes(Map.of("DefaultSMSType", "Transactional")));
        Tour.equal("settings", t.sns.getSMSAttributes(r -> r.attributes("DefaultSMSType")).attributes(), Map.of("DefaultSMSType", "Transactional"));
        Tour.refused(InvalidParameterException.class, BAD, () -> t.sns.setSMSAttributes(r -> r.attributes(Map.of("DefaultSMSType", "x"))));
        String number = String.format("+49172%07d", ThreadLocalRandom.current().nextInt(10_000_000));
        Tour.equal("opted out", t.sns.checkIfPhoneNumberIsOptedOut(r -> r.phoneNumber(number)).isOptedOut(), false);
        t.sns.optInPhoneNumber(r -> r.phoneNumber(number));
        Tour.equal("numbers that opted out", t.sns.listPhoneNumbersOptedOutPaginator().phoneNumbers().stream().toList(), List.<String>of());
        Tour.equal("numbers of our own", t.sns.listOriginationNumbersPaginator(r -> { }).phoneNumbers().stream().toList(), List.<PhoneNumberInformation>of());
        Tour.equal("sandbox", t.sns.getSMSSandboxAccountStatus(r -> { }).isInSandbox(), false);
        t.sns.createSMSSandboxPhoneNumber(r -> r.phoneNumber(number));
        SMSSandboxPhoneNumber waiting = SMSSandboxPhoneNumber.builder().phoneNumber(number).status("Pending").build();
        Tour.isTrue("the number waits", t.sns.listSMSSandboxPhoneNumbersPaginator(r -> { }).phoneNumbers().stream().anyMatch(waiting::equals));
        Tour.refused(VerificationException.class, "VerificationException|Verification", () -> t.sns.verifySMSSandboxPhoneNumber(r -> r.phoneNumber(number).oneTimePassword("99999")));
        t.sns.deleteSMSSandboxPhoneNumber(r -> r.phoneNumber(number));
        Tour.refused(ResourceNotFoundException.class, "ResourceNotFound", () -> t.sns.deleteSMSSandboxPhoneNumber(r -> r.phoneNumber(number)));
    }

    private Subscriptions() {}
}
