import java.time.Instant;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.eventbridge.model.CreateEndpointRequest;
import software.amazon.awssdk.services.eventbridge.model.EndpointEventBus;
import software.amazon.awssdk.services.eventbridge.model.IllegalStatusException;
import software.amazon.awssdk.services.eventbridge.model.InvalidStateException;
import software.amazon.awssdk.services.eventbridge.model.PutEventsRequestEntry;
import software.amazon.awssdk.services.eventbridge.model.PutPartnerEventsRequestEntry;
import software.amazon.awssdk.services.eventbridge.model.ReplayState;
import software.amazon.awssdk.services.eventbridge.model.ReplicationState;
import software.amazon.awssdk.services.eventbridge.model.ResourceAlreadyExistsException;
import software.amazon.awssdk.services.eventbridge.model.ResourceNotFoundException;
import software.amazon.awssdk.services.eventbridge.model.Target;

/** What a bus has besides rules: permissions, archives, partners, endpoints. */
final class Buses {
    private static final String SHOP = "{\"source\":[\"shop\"]}";
    private static final String EXISTS = "ResourceAlreadyExistsException";
    private static final String GONE = "ResourceNotFoundException";

    private static String newBus(Tour t, String name) {
        return t.events.createEventBus(r -> r.name(name)).eventBusArn();
    }

    private static void route(Tour t, String bus, String pattern, Target... targets) {
        t.events.putRule(r -> r.name("rule").eventBusName(bus).eventPattern(pattern));
        t.events.putTargets(r -> r.rule("rule").eventBusName(bus).targets(targets));
    }

    private static Target queue(Tour t, String url) {
        return Target.builder().id("q").arn(t.arn(url)).build();
    }

    private static void put(Tour t, String bus, String detail) {
        t.events.putEvents(r -> r.entries(PutEventsRequestEntry.builder().source("shop").detailType("d").detail(detail).eventBusName(bus).build()));
    }

    static void permission(Tour t) {
        String bus = Tour.name("bus");
        newBus(t, bus);
        t.events.putPermission(r -> r.eventBusName(bus).action("events:PutEvents").principal("123456789012").statementId("one"));
        String policy = t.events.describeEventBus(r -> r.name(bus)).policy();
        Tour.isTrue("the statement in " + policy, policy.contains("\"Sid\":\"one\""));
        Tour.refused(ResourceNotFoundException.class, GONE, () -> t.events.removePermission(r -> r.eventBusName(bus).statementId("two")));
        t.events.removePermission(r -> r.eventBusName(bus).removeAllPermissions(true));
        Tour.equal("Policy", t.events.describeEventBus(r -> r.name(bus)).policy(), null);
    }

    static void schedule(Tour t) {
        String name = Tour.name("rule");
        String cron = "cron(0 12 ? * MON-FRI *)";
        t.events.putRule(r -> r.name(name).scheduleExpression(cron));
        Tour.equal("ScheduleExpression", t.events.describeRule(r -> r.name(name)).scheduleExpression(), cron);
        Tour.refused("ValidationException", () -> t.events.putRule(r -> r.name(name).scheduleExpression("rate(5 minute)")));
        t.events.deleteRule(r -> r.name(name));
    }

    static void target(Tour t) {
        String bus = Tour.name("bus");
        newBus(t, bus);
        String url = t.queue();
        String dead = t.queue();
        String gone = t.arn(dead) + "-gone";
        route(t, bus, SHOP,
            Target.builder().id("gone").arn(gone).deadLetterConfig(d -> d.arn(t.arn(dead))).retryPolicy(p -> p.maximumRetryAttempts(0).maximumEventAgeInSeconds(60)).build(),
            Target.builder().id("made").arn(t.arn(url)).inputTransformer(i -> i.inputPathsMap(java.util.Map.of("n", "$.detail.n")).inputTemplate("{\"n\": <n>}")).build());
        Tour.refused("ValidationException", () -> t.events.putTargets(r -> r.rule("rule").eventBusName(bus)
            .targets(Target.builder().id("f").arn("arn:aws:lambda:us-east-1:" + t.account + ":function:f").build())));
        put(t, bus, "{\"n\":7}");
        Tour.equal("what the target sees", t.receive(url, 1).get(0).body(), "{\"n\": 7}");
        Tour.equal("TARGET_ARN", t.receive(dead, 1).get(0).messageAttributes().get("TARGET_ARN").stringValue(), gone);
    }

    static void archive(Tour t) {
        String bus = Tour.name("bus");
        String source = newBus(t, bus);
        String name = Tour.name("archive");
        String archive = t.events.createArchive(r -> r.archiveName(name).eventSourceArn(source).retentionDays(7)).archiveArn();
        Tour.refused(ResourceAlreadyExistsException.class, EXISTS, () -> t.events.createArchive(r -> r.archiveName(name).eventSourceArn(source)));
        put(t, bus, "{}");
        t.events.updateArchive(r -> r.archiveName(name).retentionDays(0));
        var got = t.events.describeArchive(r -> r.archiveName(name));
        Tour.equal("EventCount and RetentionDays", got.eventCount() + " " + got.retentionDays(), "1 0");
        Tour.equal("ListArchives", t.events.listArchives(r -> r.eventSourceArn(source)).archives().size(), 1);
        String url = t.queue();
        route(t, bus, SHOP, queue(t, url));
        String replay = Tour.name("replay");
        Tour.refused("ValidationException", () -> t.events.startReplay(r -> r.replayName(replay).eventSourceArn(archive).eventStartTime(Instant.EPOCH)
            .eventEndTime(Instant.now()).destination(d -> d.arn(source.replace(bus, "default")))));
        t.events.startReplay(r -> r.replayName(replay).eventSourceArn(archive).eventStartTime(Instant.EPOCH)
            .eventEndTime(Instant.now().plusSeconds(3600)).destination(d -> d.arn(source)));
        Tour.isTrue("replay-name", t.receive(url, 1).get(0).body().contains("\"replay-name\":\"" + replay + "\""));
        Tour.until("the replay is over", () -> t.events.describeReplay(r -> r.replayName(replay)).state() == ReplayState.COMPLETED ? true : null);
        Tour.equal("ListReplays", t.events.listReplays(r -> r.namePrefix(replay)).replays().size(), 1);
        Tour.refused(IllegalStatusException.class, "IllegalStatusException", () -> t.events.cancelReplay(r -> r.replayName(replay)));
        t.events.deleteArchive(r -> r.archiveName(name));
        Tour.refused(ResourceNotFoundException.class, GONE, () -> t.events.describeArchive(r -> r.archiveName(name)));
    }

    static void partner(Tour t) {
        String name = "aws.partner/example.com/" + Tour.name("shop") + "/orders";
        t.events.createPartnerEventSource(r -> r.name(name).account(t.account));
        Tour.refused(InvalidStateException.class, "InvalidStateException", () -> t.events.activateEventSource(r -> r.name(name)));
        t.events.createEventBus(r -> r.name(name).eventSourceName(name));
        String url = t.queue();
        route(t, name, "{\"source\":[\"" + name + "\"]}", queue(t, url));
        var got = t.events.putPartnerEvents(r -> r.entries(PutPartnerEventsRequestEntry.builder().source(name).detailType("d").detail("{}").build()));
        Tour.isTrue("a partner's event", t.receive(url, 1).get(0).body().contains(got.entries().get(0).eventId()));
        Tour.equal("ListEventSources", t.events.listEventSources(r -> r.namePrefix(name)).eventSources().get(0).stateAsString(), "ACTIVE");
        t.events.deletePartnerEventSource(r -> r.name(name).account(t.account));
        Tour.equal("State", t.events.describeEventSource(r -> r.name(name)).stateAsString(), "DELETED");
    }

    static void endpoint(Tour t) {
        String bus = Tour.name("bus");
        String name = Tour.name("endpoint");
        String here = newBus(t, bus);
        String there = t.eventsIn(Region.EU_WEST_1).createEventBus(r -> r.name(bus)).eventBusArn();
        CreateEndpointRequest wanted = CreateEndpointRequest.builder().name(name).replicationConfig(c -> c.state(ReplicationState.DISABLED))
            .eventBuses(EndpointEventBus.builder().eventBusArn(here).build(), EndpointEventBus.builder().eventBusArn(there).build())
            .routingConfig(c -> c.failoverConfig(f -> f.primary(p -> p.healthCheck("arn:aws:route53:::healthcheck/h-1")).secondary(s -> s.route("eu-west-1"))))
            .build();
        var made = t.events.createEndpoint(wanted);
        Tour.equal("CreateEndpoint", made.stateAsString() + made.eventBuses() + made.routingConfig(), "ACTIVE" + wanted.eventBuses() + wanted.routingConfig());
        Tour.refused(ResourceAlreadyExistsException.class, EXISTS, () -> t.events.createEndpoint(wanted));
        t.events.updateEndpoint(r -> r.name(name).description("d"));
        var got = t.events.describeEndpoint(r -> r.name(name));
        Tour.equal("DescribeEndpoint", got.description() + got.endpointUrl(), "dhttps://" + got.endpointId() + ".endpoint.events.amazonaws.com");
        Tour.equal("ListEndpoints", t.events.listEndpoints(r -> r.namePrefix(name)).endpoints().size(), 1);
        t.events.deleteEndpoint(r -> r.name(name));
        Tour.refused(ResourceNotFoundException.class, GONE, () -> t.events.describeEndpoint(r -> r.name(name)));
    }
}
