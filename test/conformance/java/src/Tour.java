import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;
import software.amazon.awssdk.services.sts.StsClient;

/** The SDK's clients, and the few verbs that a scenario is written in. The SDK compares MD5s itself. */
final class Tour {
    static final String PREFIX = "AWS.SimpleQueueService.";
    static final String GONE = PREFIX + "NonExistentQueue";
    static final String REGION = "us-east-1";

    final String endpoint = Objects.requireNonNull(System.getenv("CARILLON_ENDPOINT"), "CARILLON_ENDPOINT is not set: start this through test/conformance/run");
    final String account = Objects.requireNonNullElse(System.getenv("CARILLON_ACCOUNT"), "000000000000");
    private final SdkHttpClient http = ApacheHttpClient.builder().build();
    final SqsClient sqs = configured(SqsClient.builder().httpClient(http)).build();
    final SnsClient sns = configured(SnsClient.builder().httpClient(http)).build();
    final EventBridgeClient events = configured(EventBridgeClient.builder().httpClient(http)).build();
    final StsClient sts = configured(StsClient.builder().httpClient(http)).build();
    final IamClient iam = configured(IamClient.builder().httpClient(http)).build();

    /** STS as whoever has these credentials. */
    StsClient stsOf(AwsCredentials credentials) {
        return configured(StsClient.builder().httpClient(http)).credentialsProvider(StaticCredentialsProvider.create(credentials)).build();
    }

    private <B extends AwsClientBuilder<B, ?>> B configured(B builder) {
        return builder.region(Region.of(REGION))
            .endpointOverride(URI.create(endpoint))
            .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(account, "test")))
            // No retries: a 500 must be seen, not papered over.
            .overrideConfiguration(c -> c.retryStrategy(AwsRetryStrategy.doNotRetry()));
    }

    EventBridgeClient eventsIn(Region region) {
        return configured(EventBridgeClient.builder().httpClient(http)).region(region).build();
    }

    static String name(String stem) {
        return stem + "-" + UUID.randomUUID().toString().substring(0, 13);
    }

    String queue(Map<QueueAttributeName, String> attributes) {
        String name = name("java") + (attributes.containsKey(QueueAttributeName.FIFO_QUEUE) ? ".fifo" : "");
        return sqs.createQueue(r -> r.queueName(name).attributes(attributes)).queueUrl();
    }

    String queue() {
        return queue(Map.of());
    }

    String fifo() {
        return queue(Map.of(QueueAttributeName.FIFO_QUEUE, "true", QueueAttributeName.CONTENT_BASED_DEDUPLICATION, "true"));
    }

    Map<String, String> attributes(String url) {
        return sqs.getQueueAttributes(r -> r.queueUrl(url).attributeNames(QueueAttributeName.ALL)).attributesAsStrings();
    }

    String arn(String url) {
        return attributes(url).get("QueueArn");
    }

    /** Visible, in flight, delayed. */
    List<Integer> counts(String url) {
        Map<String, String> a = attributes(url);
        List<Integer> n = new ArrayList<>();
        for (String kind : List.of("", "NotVisible", "Delayed")) {
            n.add(Integer.valueOf(a.get("ApproximateNumberOfMessages" + kind)));
        }
        return n;
    }

    List<Message> once(String url, Consumer<ReceiveMessageRequest.Builder> more) {
        return sqs.receiveMessage(r -> more.accept(r.queueUrl(url).maxNumberOfMessages(10))).messages();
    }

    /** Exactly count messages, long polling until they are there. */
    List<Message> receive(String url, int count, Consumer<ReceiveMessageRequest.Builder> more) {
        List<Message> got = new ArrayList<>();
        for (int poll = 0; got.size() < count && poll < 6; poll++) {
            int missing = Math.min(10, count - got.size());
            got.addAll(once(url, r -> more.accept(r.waitTimeSeconds(3).maxNumberOfMessages(missing)
                .messageSystemAttributeNames(MessageSystemAttributeName.ALL).messageAttributeNames("All"))));
        }
        equal("messages received", got.size(), count);
        return got;
    }

    List<Message> receive(String url, int count) {
        return receive(url, count, r -> { });
    }

    void delete(String url, Message m) {
        sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle(m.receiptHandle()));
    }

    static void equal(String what, Object got, Object want) {
        if (!Objects.equals(got, want)) {
            throw new AssertionError(what + ": got " + abbreviated(got) + ", want " + abbreviated(want));
        }
    }

    static void isTrue(String what, boolean truth) {
        if (!truth) {
            throw new AssertionError("not true: " + what);
        }
    }

    private static String abbreviated(Object o) {
        String s = String.valueOf(o);
        return s.length() < 300 ? s : s.substring(0, 300) + "…";
    }

    /** Wants a refusal with one of AWS's codes (a|b). */
    static AwsServiceException refused(String codes, Supplier<?> call) {
        Object answer;
        try {
            answer = call.get();
        } catch (AwsServiceException e) {
            String code = e.awsErrorDetails().errorCode();
            isTrue("error " + code + " (" + e.awsErrorDetails().errorMessage() + ") is one of " + codes, List.of(codes.split("\\|")).contains(code));
            isTrue(code + " has a request id", e.requestId() != null && !e.requestId().isEmpty());
            return e;
        }
        throw new AssertionError("accepted, want " + codes + ": " + abbreviated(answer));
    }

    /** Wants a refusal as one of the SDK's exceptions, which is how Java programs tell them apart. */
    static void refused(Class<? extends AwsServiceException> as, String codes, Supplier<?> call) {
        AwsServiceException e = refused(codes, call);
        isTrue(e.getClass().getSimpleName() + " is a " + as.getSimpleName(), as.isInstance(e));
    }

    /** Polls with a bound; each probe is a request, which takes its time. */
    static <T> T until(String what, Supplier<T> probe) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (System.nanoTime() < deadline) {
            T value = probe.get();
            if (value != null) {
                return value;
            }
        }
        throw new AssertionError("still not: " + what);
    }

    static Map<QueueAttributeName, String> redrive(String deadArn, int receives, QueueAttributeName also, String value) {
        Map<QueueAttributeName, String> a = new HashMap<>();
        a.put(QueueAttributeName.REDRIVE_POLICY, "{\"deadLetterTargetArn\":\"" + deadArn + "\",\"maxReceiveCount\":" + receives + "}");
        if (also != null) {
            a.put(also, value);
        }
        return a;
    }
}
