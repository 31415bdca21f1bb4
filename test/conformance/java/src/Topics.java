import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.messagemanager.sns.SnsMessageManager;
import software.amazon.awssdk.messagemanager.sns.model.SnsMessageType;
import software.amazon.awssdk.regions.Region;

/** A subscriber over HTTP that checks what it gets with the SDK's SnsMessageManager. */
final class Topics {
    /** Calls Carillon by AWS's name, the only one that the manager trusts. */
    private record Leads(SdkHttpClient next, URI to) implements SdkHttpClient {
        @Override
        public ExecutableHttpRequest prepareRequest(HttpExecuteRequest r) {
            SdkHttpRequest there = r.httpRequest().toBuilder().protocol("http").host(to.getHost()).port(to.getPort()).build();
            return next.prepareRequest(HttpExecuteRequest.builder().request(there).build());
        }

        @Override
        public void close() {
            next.close();
        }
    }

    static void signature(Tour t) {
        BlockingQueue<String> got = new LinkedBlockingQueue<>();
        HttpServer server = subscriber(got);
        try (SnsMessageManager manager = SnsMessageManager.builder().region(Region.of(Tour.REGION))
                .httpClient(new Leads(ApacheHttpClient.create(), URI.create(t.endpoint))).build()) {
            for (String version : List.of("1", "2")) {
                String topic = t.sns.createTopic(r -> r.name(Tour.name("topic")).attributes(Map.of("SignatureVersion", version))).topicArn();
                t.sns.subscribe(r -> r.topicArn(topic).protocol("http").endpoint("http://127.0.0.1:" + server.getAddress().getPort() + "/"));
                follow(check(manager, got, SnsMessageType.SUBSCRIPTION_CONFIRMATION));
                t.sns.publish(r -> r.topicArn(topic).subject("s").message("two\nlines, \u00fc"));
                follow(check(manager, got, SnsMessageType.NOTIFICATION));
                check(manager, got, SnsMessageType.UNSUBSCRIBE_CONFIRMATION);
                t.sns.deleteTopic(r -> r.topicArn(topic));
            }
        } finally {
            server.stop(0);
        }
    }

    private static HttpServer subscriber(BlockingQueue<String> got) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
            server.createContext("/", x -> {
                got.add(new String(x.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                x.sendResponseHeaders(200, -1);
                x.close();
            });
            server.start();
            return server;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The link in the next document, which is accepted, and not if it is changed. */
    private static String check(SnsMessageManager manager, BlockingQueue<String> got, SnsMessageType type) {
        try {
            String document = got.poll(20, TimeUnit.SECONDS);
            // Where the certificate is, is not signed.
            String trusted = document.replaceFirst("\"SigningCertURL\" : \"http://[^/]*", "\"SigningCertURL\" : \"https://sns." + Tour.REGION + ".amazonaws.com");
            Tour.equal("type", manager.parseMessage(trusted).type(), type);
            try {
                manager.parseMessage(trusted.replaceFirst("\"Message\" : \"", "\"Message\" : \"x"));
                throw new AssertionError("a forged " + type + " is accepted");
            } catch (SdkClientException refused) {
                return document.replaceFirst("(?s).*\"(?:Subscribe|Unsubscribe)URL\" : \"([^\"]*)\".*", "$1");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void follow(String link) {
        try {
            HttpRequest visit = HttpRequest.newBuilder(URI.create(link)).build();
            Tour.equal("status of " + link, HttpClient.newHttpClient().send(visit, HttpResponse.BodyHandlers.discarding()).statusCode(), 200);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Topics() {}
}
