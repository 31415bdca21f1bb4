package iam

import (
	"strings"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/google/uuid"
)

// servicePath is where the roles of services are.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
const servicePath = "/aws-service-role/"

// serviceRoles are what services call their role, where that does not follow
// from their name.
var serviceRoles = map[string]string{
	"autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling", "ecs.amazonaws.com": "AWSServiceRoleForECS",
	"elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing", "events.amazonaws.com": "AWSServiceRoleForCloudWatchEvents",
	"apidestinations.events.amazonaws.com": "AWSServiceRoleForAmazonEventBridgeApiDestinations", "schemas.amazonaws.com": "AWSServiceRoleForSchemas",
	"lambda.amazonaws.com": "AWSServiceRoleForLambda", "es.amazonaws.com": "AWSServiceRoleForAmazonElasticsearchService",
	"opensearchservice.amazonaws.com": "AWSServiceRoleForAmazonOpenSearchService", "rds.amazonaws.com": "AWSServiceRoleForRDS",
	"spot.amazonaws.com": "AWSServiceRoleForEC2Spot", "replicator.lambda.amazonaws.com": "AWSServiceRoleForLambdaReplicator",
}

// serviceRoleName is what a service's role is called.
func serviceRoleName(service, suffix string) string {
	name, ok := serviceRoles[service]
	if !ok {
		name = "AWSServiceRoleFor"
		for word := range strings.FieldsFuncSeq(strings.TrimSuffix(service, ".amazonaws.com"), func(r rune) bool { return r == '.' || r == '-' }) {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	if suffix != "" {
		name += "_" + suffix
	}
	return name
}

func serviceTrust(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
}

// deletionTask is the id of the deletion of a service's role. It is done when it
// is answered, so that nothing needs to be kept of it.
func deletionTask(rec *identity.Record) string {
	return "task" + rec.Path + rec.Name + "/" + uuid.NewString()
}
