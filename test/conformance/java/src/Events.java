import java.util.List;
import java.util.Map;
import java.util.function.Function;
import software.amazon.awssdk.services.eventbridge.model.InvalidEventPatternException;
import software.amazon.awssdk.services.eventbridge.model.PutEventsRequestEntry;
import software.amazon.awssdk.services.eventbridge.model.ResourceAlreadyExistsException;
import software.amazon.awssdk.services.eventbridge.model.ResourceNotFoundException;
import software.amazon.awssdk.services.eventbridge.model.Target;

/** The event bus. */
final class Events {
    private static final String LARGE = "{\"source\":[\"shop.orders\"],\"detail\":{\"total\":[{\"numeric\":[\">\",100]}]}}";

    private static String newBus(Tour t) {
        String name = Tour.name("bus");
        t.events.createEventBus(r -> r.name(name));
        return name;
    }

    private static void route(Tour t, String bus, String pattern, Target target) {
        String rule = Tour.name("rule");
        t.events.putRule(r -> r.name(rule).eventBusName(bus).eventPattern(pattern));
        Tour.equal("FailedEntryCount of PutTargets", t.events.putTargets(r -> r.rule(rule).eventBusName(bus).targets(target)).failedEntryCount(), 0);
    }

    static void bus(Tour t) {
        String name = newBus(t);
        String arn = "arn:aws:events:" + Tour.REGION + ":" + t.account + ":event-bus/" + name;
        Tour.equal("DescribeEventBus", t.events.describeEventBus(r -> r.name(name)).arn(), arn);
        Tour.refused(ResourceAlreadyExistsException.class, "ResourceAlreadyExistsException", () -> t.events.createEventBus(r -> r.name(name)));
        Tour.equal("ListEventBuses", t.events.listEventBuses(r -> r.namePrefix(name)).eventBuses().size(), 1);
        t.events.deleteEventBus(r -> r.name(name));
        Tour.refused(ResourceNotFoundException.class, "ResourceNotFoundException", () -> t.events.describeEventBus(r -> r.name(name)));
        Tour.refused("ValidationException", () -> t.events.deleteEventBus(r -> r.name("default")));
    }

    static void rule(Tour t) {
        String bus = newBus(t);
        String name = Tour.name("rule");
        String arn = t.events.putRule(r -> r.name(name).eventBusName(bus).eventPattern(LARGE).description("large")).ruleArn();
        Tour.equal("RuleArn", arn, "arn:aws:events:" + Tour.REGION + ":" + t.account + ":rule/" + bus + "/" + name);
        var got = t.events.describeRule(r -> r.name(name).eventBusName(bus));
        Tour.equal("DescribeRule", got.eventPattern() + got.stateAsString() + got.description(), LARGE + "ENABLEDlarge");
        Tour.equal("ListRules", t.events.listRules(r -> r.eventBusName(bus)).rules().size(), 1);
        Target target = Target.builder().id("one").arn(t.arn(t.queue())).build();
        t.events.putTargets(r -> r.rule(name).eventBusName(bus).targets(target));
        Tour.equal("targets", t.events.listTargetsByRule(r -> r.rule(name).eventBusName(bus)).targets(), List.of(target));
        Tour.refused("ValidationException", () -> t.events.deleteRule(r -> r.name(name).eventBusName(bus)));
        t.events.removeTargets(r -> r.rule(name).eventBusName(bus).ids("one"));
        t.events.deleteRule(r -> r.name(name).eventBusName(bus));
        Tour.refused("ResourceNotFoundException", () -> t.events.describeRule(r -> r.name(name).eventBusName(bus)));
    }

    static void errors(Tour t) {
        String bus = newBus(t);
        for (String bad : List.of("{", "[]", "{\"source\": \"text\"}")) {
            Tour.refused(InvalidEventPatternException.class, "InvalidEventPatternException",
                () -> t.events.putRule(r -> r.name("bad").eventBusName(bus).eventPattern(bad)));
        }
        Tour.refused("ValidationException", () -> t.events.putRule(r -> r.name("none").eventBusName(bus)));
        Tour.refused("ResourceNotFoundException", () -> t.events.putRule(r -> r.name("r").eventBusName(bus + "-missing").eventPattern(LARGE)));
    }

    static void put(Tour t) {
        String bus = newBus(t);
        String large = t.queue();
        String ordered = t.fifo();
        route(t, bus, LARGE, Target.builder().id("q").arn(t.arn(large)).build());
        route(t, bus, "{\"source\":[{\"prefix\":\"shop.\"}]}", Target.builder().id("q").arn(t.arn(ordered)).sqsParameters(p -> p.messageGroupId("orders")).build());
        Function<String, PutEventsRequestEntry> entry = detail -> PutEventsRequestEntry.builder()
            .source("shop.orders").detailType("Order Placed").detail(detail).eventBusName(bus).resources("arn:aws:s3:::x").build();
        var got = t.events.putEvents(r -> r.entries(entry.apply("{\"total\":50}"), entry.apply("{\"total\":150.5,\"note\":\"Grüße 🎉\"}"), entry.apply("no json")));
        Tour.equal("PutEvents", got.failedEntryCount() + got.entries().get(2).errorCode(), "1MalformedDetail");
        String event = t.receive(large, 1).get(0).body();
        for (String part : List.of("\"id\":\"" + got.entries().get(1).eventId() + "\"", "\"account\":\"" + t.account + "\"",
                "\"detail\":{\"total\":150.5,\"note\":\"Grüße 🎉\"}", "\"detail-type\":\"Order Placed\"", "\"source\":\"shop.orders\"")) {
            Tour.isTrue(part + " in " + event, event.contains(part));
        }
        var both = t.receive(ordered, 2);
        for (int i = 0; i < 2; i++) {
            Tour.isTrue("in order", both.get(i).body().contains(got.entries().get(i).eventId()));
        }
    }

    static void pattern(Tour t) {
        String event = "{\"id\":\"1\",\"account\":\"123456789012\",\"source\":\"shop\",\"time\":\"2026-01-02T03:04:05Z\",\"region\":\"eu-west-1\","
            + "\"resources\":[\"arn:a\"],\"detail-type\":\"Order\",\"detail\":{\"state\":\"new\"}}";
        Map<String, Boolean> cases = Map.of("{\"source\":[\"shop\"]}", true, "{\"source\":[\"other\"]}", false,
            "{\"detail\":{\"state\":[{\"prefix\":\"ne\"}]}}", true, "{\"detail\":{\"gone\":[{\"exists\":false}]}}", true);
        cases.forEach((pattern, want) -> Tour.equal(pattern, t.events.testEventPattern(r -> r.eventPattern(pattern).event(event)).result(), want));
        Tour.refused("InvalidEventPatternException", () -> t.events.testEventPattern(r -> r.eventPattern("{\"source\":\"shop\"}").event(event)));
    }
}
