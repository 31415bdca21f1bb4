import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.services.iam.model.AccessKey;
import software.amazon.awssdk.services.iam.model.Role;
import software.amazon.awssdk.services.iam.model.User;
import software.amazon.awssdk.services.sts.model.AssumeRoleResponse;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityResponse;

/** Users, roles, their policies and keys, and a session of a role. */
final class Identities {
    private static final String SEND = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}]}";

    private static String decoded(String document) {
        return URLDecoder.decode(document, StandardCharsets.UTF_8);
    }

    static void users(Tour t) {
        String name = Tour.name("user");
        User made = t.iam.createUser(r -> r.userName(name).path("/tour/").tags(g -> g.key("team").value("red"))).user();
        Tour.equal("Arn", made.arn(), "arn:aws:iam::" + t.account + ":user/tour/" + name);
        t.iam.waiter().waitUntilUserExists(r -> r.userName(name));
        Tour.refused("EntityAlreadyExists", () -> t.iam.createUser(r -> r.userName(name.toUpperCase(Locale.ROOT))));
        AccessKey key = t.iam.createAccessKey(r -> r.userName(name)).accessKey();
        GetCallerIdentityResponse who = t.stsOf(AwsBasicCredentials.create(key.accessKeyId(), key.secretAccessKey())).getCallerIdentity();
        Tour.equal("whose the key is", who.arn(), made.arn());
        Tour.refused("DeleteConflict", () -> t.iam.deleteUser(r -> r.userName(name)));
        t.iam.deleteAccessKey(r -> r.userName(name).accessKeyId(key.accessKeyId()));
        t.iam.deleteUser(r -> r.userName(name));
        Tour.refused("NoSuchEntity", () -> t.iam.getUser(r -> r.userName(name)));
    }

    static void roles(Tour t) {
        String name = Tour.name("role");
        String trust = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"" + t.account + "\"},\"Action\":\"sts:AssumeRole\"}]}";
        Role made = t.iam.createRole(r -> r.roleName(name).assumeRolePolicyDocument(trust)).role();
        Tour.equal("AssumeRolePolicyDocument", decoded(made.assumeRolePolicyDocument()), trust);
        t.iam.waiter().waitUntilRoleExists(r -> r.roleName(name));
        Tour.refused("MalformedPolicyDocument", () -> t.iam.putRolePolicy(r -> r.roleName(name).policyName("send").policyDocument("{")));
        t.iam.putRolePolicy(r -> r.roleName(name).policyName("send").policyDocument(SEND));
        Tour.equal("PolicyDocument", decoded(t.iam.getRolePolicy(r -> r.roleName(name).policyName("send")).policyDocument()), SEND);
        String policy = t.iam.createPolicy(r -> r.policyName(Tour.name("policy")).policyDocument(SEND)).policy().arn();
        t.iam.attachRolePolicy(r -> r.roleName(name).policyArn(policy));
        Tour.equal("attached", t.iam.listAttachedRolePolicies(r -> r.roleName(name)).attachedPolicies().get(0).policyArn(), policy);
        Tour.refused("DeleteConflict", () -> t.iam.deletePolicy(r -> r.policyArn(policy)));
        Tour.refused("DeleteConflict", () -> t.iam.deleteRole(r -> r.roleName(name)));
        t.iam.detachRolePolicy(r -> r.roleName(name).policyArn(policy));
        t.iam.deletePolicy(r -> r.policyArn(policy));
        t.iam.deleteRolePolicy(r -> r.roleName(name).policyName("send"));
        t.iam.deleteRole(r -> r.roleName(name));
    }

    static void session(Tour t) {
        String role = "arn:aws:iam::" + t.account + ":role/path/worker";
        AssumeRoleResponse out = t.sts.assumeRole(r -> r.roleArn(role).roleSessionName("night").durationSeconds(900));
        Duration left = Duration.between(Instant.now(), out.credentials().expiration());
        Tour.equal("it lasts a quarter of an hour", left.toSeconds() > 880 && left.toSeconds() <= 900, true);
        GetCallerIdentityResponse who = t.stsOf(AwsSessionCredentials.create(
            out.credentials().accessKeyId(), out.credentials().secretAccessKey(), out.credentials().sessionToken())).getCallerIdentity();
        Tour.equal("Arn", who.arn(), "arn:aws:sts::" + t.account + ":assumed-role/worker/night");
        Tour.equal("UserId", who.userId(), out.assumedRoleUser().assumedRoleId());
        Tour.refused("ValidationError", () -> t.sts.assumeRole(r -> r.roleArn(role).roleSessionName("night").durationSeconds(899)));
        Tour.refused("MalformedPolicyDocument", () -> t.sts.assumeRole(r -> r.roleArn(role).roleSessionName("night").policy("{")));
    }
}
