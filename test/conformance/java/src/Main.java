import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** aws-sdk-java v2 on a tour through Carillon: Main [scenario ...]. */
public final class Main {
    private static Map<String, Consumer<Tour>> scenarios() {
        Map<String, Consumer<Tour>> s = new LinkedHashMap<>();
        s.put("identity", Queues::identity);
        s.put("queue-create", Queues::create);
        s.put("queue-attributes", Queues::attributes);
        s.put("queue-list", Queues::list);
        s.put("queue-delete", Queues::delete);
        s.put("queue-purge", Queues::purge);
        s.put("queue-tags", Queues::tags);
        s.put("queue-permissions", Queues::permissions);
        s.put("message-roundtrip", Messages::roundtrip);
        s.put("message-attributes", Messages::attributes);
        s.put("message-limits", Messages::limits);
        s.put("message-batch", Messages::batch);
        s.put("message-batch-errors", Messages::batchErrors);
        s.put("message-delay", Messages::delay);
        s.put("visibility", Messages::visibility);
        s.put("long-poll", Messages::longPoll);
        s.put("fifo-order", Redrive::fifoOrder);
        s.put("fifo-dedup", Redrive::fifoDedup);
        s.put("dead-letter", Redrive::deadLetter);
        s.put("move-task", Redrive::moveTask);
        s.put("move-task-cancel", Redrive::moveTaskCancel);
        s.put("events-bus", Events::bus);
        s.put("events-rule", Events::rule);
        s.put("events-errors", Events::errors);
        s.put("events-put", Events::put);
        s.put("events-pattern", Events::pattern);
        s.put("events-permission", Buses::permission);
        s.put("events-schedule", Buses::schedule);
        s.put("events-target", Buses::target);
        s.put("events-archive", Buses::archive);
        s.put("events-partner", Buses::partner);
        s.put("events-endpoint", Buses::endpoint);
        s.put("topic-create", Subscriptions::create);
        s.put("topic-attributes", Subscriptions::attributes);
        s.put("topic-policy", Subscriptions::policy);
        s.put("subscribe", Subscriptions::subscribe);
        s.put("subscribe-pages", Subscriptions::pages);
        s.put("subscription-attributes", Subscriptions::settings);
        s.put("push-endpoints", Subscriptions::push);
        s.put("text-messages", Subscriptions::text);
        s.put("publish", Publishing::publish);
        s.put("publish-filter", Publishing::filter);
        s.put("publish-batch", Publishing::batch);
        s.put("publish-fifo", Publishing::fifo);
        s.put("iam-users", Identities::users);
        s.put("iam-roles", Identities::roles);
        s.put("session-role", Identities::session);
        s.put("topics-http-signature", Topics::signature);
        return s;
    }

    public static void main(String[] only) throws Exception {
        Tour tour = new Tour();
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Boolean>> results = new ArrayList<>();
        scenarios().forEach((name, scenario) -> {
            if (only.length == 0 || List.of(only).contains(name)) {
                results.add(pool.submit(() -> run(name, scenario, tour)));
            }
        });
        pool.shutdown();
        int passed = 0;
        for (Future<Boolean> r : results) {
            passed += r.get() ? 1 : 0;
        }
        int failed = results.size() - passed;
        System.out.println("java: " + passed + " passed, " + failed + " failed");
        System.exit(passed > 0 && failed == 0 ? 0 : 1);
    }

    private static boolean run(String name, Consumer<Tour> scenario, Tour tour) {
        long began = System.nanoTime();
        try {
            scenario.accept(tour);
            System.out.printf("ok   java %s (%.2fs)%n", name, (System.nanoTime() - began) / 1e9);
            return true;
        } catch (Throwable e) { // a scenario's failure must not stop the others
            String place = "?";
            for (StackTraceElement f : e.getStackTrace()) {
                if (List.of("Queues", "Messages", "Redrive", "Events", "Buses", "Topics", "Subscriptions", "Publishing", "Identities").contains(f.getClassName())) {
                    place = f.getFileName() + ":" + f.getLineNumber();
                    break;
                }
            }
            System.out.printf("FAIL java %s: %s: %s%n", name, place, String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
            return false;
        }
    }
}
