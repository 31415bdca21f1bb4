package managed

import "strings"

// nothing is the document of what is known by name only. A document needs a
// statement: this one allows an action that no service has.
var nothing = []string{`{"Sid": "KnownByNameOnly", "Effect": "Allow", "Action": "carillon:Nothing", "Resource": "*"}`}

// allow is a statement that allows actions, which are given in one text, on
// everything.
func allow(actions string) string { return allowOn("*", actions) }

func allowOn(resource, actions string) string {
	return `{"Effect": "Allow", "Action": ["` + strings.Join(strings.Fields(actions), `", "`) + `"], "Resource": "` + resource + `"}`
}

// passRole lets roles be handed to a service.
func passRole(resource string, services ...string) string {
	return `{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "` + resource + `", "Condition": {"StringLike": {"iam:PassedToService": ["` +
		strings.Join(services, `", "`) + `"]}}}`
}

// Reading, by service.
const (
	readSQS       = "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListDeadLetterSourceQueues sqs:ListQueues sqs:ListMessageMoveTasks sqs:ListQueueTags"
	readSNS       = "sns:CheckIfPhoneNumberIsOptedOut sns:Get* sns:List*"
	readEvents    = "events:Describe* events:List* events:TestEventPattern"
	readScheduler = "scheduler:Get* scheduler:List*"
	readPipes     = "pipes:DescribePipe pipes:List*"
	readSchemas   = "schemas:Describe* schemas:Get* schemas:List* schemas:SearchSchemas"
	readStates    = "states:Describe* states:Get* states:List* states:ValidateStateMachineDefinition"
	readLambda    = "lambda:Get* lambda:List*"
	readIAM       = "iam:GenerateCredentialReport iam:GenerateServiceLastAccessedDetails iam:Get* iam:List* iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy"
	readMetrics   = "cloudwatch:Describe* cloudwatch:Get* cloudwatch:List*"
	readLogs      = "logs:Describe* logs:Get* logs:List* logs:FilterLogEvents logs:StartQuery logs:StopQuery logs:TestMetricFilter"

	writeLogs = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"
)

// documents are statements by path and name, from
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
// and the services' own pages, as far as they are about services that are here
// or planned.
var documents = map[string][]string{
	"AdministratorAccess": {allow("*")},
	"PowerUserAccess": {
		`{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}`,
		allow("iam:CreateServiceLinkedRole iam:DeleteServiceLinkedRole iam:ListRoles organizations:DescribeOrganization account:ListRegions account:GetAccountInformation"),
	},
	"ReadOnlyAccess": {
		allow("sqs:Get* sqs:List* sqs:Receive* " + readSNS), allow(readEvents + " " + readScheduler + " " + readPipes + " " + readSchemas),
		allow(readStates + " " + readLambda), allow(readIAM), allow(readMetrics + " " + readLogs),
		allow("sts:GetAccessKeyInfo sts:GetCallerIdentity sts:GetSessionToken kinesis:Describe* kinesis:Get* kinesis:List* dynamodb:BatchGet* dynamodb:Describe* dynamodb:Get* dynamodb:List* dynamodb:Query dynamodb:Scan s3:Get* s3:List* cloudtrail:Describe* cloudtrail:Get* cloudtrail:List* cloudtrail:LookupEvents"),
	},
	"job-function/ViewOnlyAccess": {
		allow("sqs:ListQueues sns:ListSubscriptions sns:ListSubscriptionsByTopic sns:ListTopics sns:ListPlatformApplications events:List* states:ListActivities states:ListStateMachines lambda:ListFunctions lambda:ListEventSourceMappings"),
		allow("iam:ListAccessKeys iam:ListAccountAliases iam:ListGroups iam:ListPolicies iam:ListRoles iam:ListUsers iam:GetAccountSummary cloudwatch:DescribeAlarms cloudwatch:ListMetrics logs:DescribeLogGroups logs:DescribeLogStreams"),
	},
	"SecurityAudit": {
		allow("sqs:GetQueueAttributes sqs:ListDeadLetterSourceQueues sqs:ListQueues sqs:ListQueueTags sns:GetTopicAttributes sns:GetSubscriptionAttributes sns:List*"),
		allow(readEvents + " " + readPipes + " scheduler:List* schemas:Describe* schemas:List*"), allow("states:Describe* states:List* lambda:GetPolicy lambda:GetFunctionConfiguration lambda:List*"),
		allow(readIAM), allow("cloudtrail:Describe* cloudtrail:Get* cloudtrail:List* cloudtrail:LookupEvents " + readMetrics + " logs:Describe* logs:List*"),
	},

	"IAMFullAccess":         {allow("iam:* organizations:DescribeAccount organizations:DescribeOrganization organizations:DescribeOrganizationalUnit organizations:DescribePolicy organizations:ListChildren organizations:ListParents organizations:ListPoliciesForTarget organizations:ListRoots organizations:ListPolicies organizations:ListTargetsForPolicy")},
	"IAMReadOnlyAccess":     {allow(readIAM)},
	"IAMUserChangePassword": {allowOn("arn:aws:iam::*:user/${aws:username}", "iam:ChangePassword"), allow("iam:GetAccountPasswordPolicy")},

	"AmazonSQSFullAccess":     {allow("sqs:*")},
	"AmazonSQSReadOnlyAccess": {allow(readSQS)},
	"AmazonSNSFullAccess":     {allow("sns:*")},
	"AmazonSNSReadOnlyAccess": {allow(readSNS)},

	"AmazonEventBridgeFullAccess": {
		allow("events:* schemas:* scheduler:* pipes:*"),
		`{"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "arn:aws:iam::*:role/aws-service-role/*", "Condition": {"StringEquals": {"iam:AWSServiceName": ["apidestinations.events.amazonaws.com", "schemas.amazonaws.com"]}}}`,
		allowOn("arn:aws:secretsmanager:*:*:secret:events!*", "secretsmanager:CreateSecret secretsmanager:UpdateSecret secretsmanager:DeleteSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue"),
		passRole("arn:aws:iam::*:role/*", "events.amazonaws.com", "scheduler.amazonaws.com", "pipes.amazonaws.com"),
	},
	"AmazonEventBridgeReadOnlyAccess":               {allow(readEvents + " " + readScheduler + " " + readPipes + " " + readSchemas)},
	"AmazonEventBridgePipesFullAccess":              {allow("pipes:*"), passRole("*", "pipes.amazonaws.com")},
	"AmazonEventBridgePipesOperatorAccess":          {allow(readPipes + " pipes:StartPipe pipes:StopPipe")},
	"AmazonEventBridgePipesReadOnlyAccess":          {allow(readPipes)},
	"AmazonEventBridgeSchedulerFullAccess":          {allow("scheduler:*"), passRole("arn:aws:iam::*:role/*", "scheduler.amazonaws.com")},
	"AmazonEventBridgeSchedulerReadOnlyAccess":      {allow(readScheduler)},
	"AmazonEventBridgeSchemasFullAccess":            {allow("schemas:*"), allow("events:PutRule events:PutTargets events:EnableRule events:DisableRule events:DeleteRule events:RemoveTargets events:ListTargetsByRule")},
	"AmazonEventBridgeSchemasReadOnlyAccess":        {allow(readSchemas)},
	"CloudWatchEventsFullAccess":                    {allow("events:* schemas:* scheduler:* pipes:*"), passRole("arn:aws:iam::*:role/AWS_Events_Invoke_Targets", "events.amazonaws.com")},
	"CloudWatchEventsReadOnlyAccess":                {allow(readEvents + " " + readScheduler + " " + readPipes + " " + readSchemas)},
	"service-role/CloudWatchEventsInvocationAccess": {allow("kinesis:PutRecord")},

	"AWSStepFunctionsFullAccess":        {allow("states:*")},
	"AWSStepFunctionsReadOnlyAccess":    {allow(readStates)},
	"AWSStepFunctionsConsoleFullAccess": {allow("states:*"), allow("iam:ListRoles lambda:ListFunctions"), allowOn("arn:aws:iam::*:role/service-role/StatesExecutionRole*", "iam:PassRole")},

	"AWSLambda_FullAccess": {
		allow("lambda:* cloudwatch:GetMetricData cloudwatch:ListMetrics iam:GetPolicy iam:GetPolicyVersion iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies iam:ListRoles logs:DescribeLogGroups tag:GetResources"),
		allow("states:DescribeStateMachine states:ListStateMachines"), passRole("*", "lambda.amazonaws.com"), allow("logs:DescribeLogStreams logs:GetLogEvents logs:FilterLogEvents"),
	},
	"AWSLambda_ReadOnlyAccess":                          {allow(readLambda + " cloudwatch:GetMetricData cloudwatch:ListMetrics logs:DescribeLogGroups iam:ListRoles states:ListStateMachines"), allow("logs:DescribeLogStreams logs:GetLogEvents logs:FilterLogEvents")},
	"AWSLambdaExecute":                                  {allowOn("arn:aws:logs:*:*:*", "logs:*"), allowOn("arn:aws:s3:::*", "s3:GetObject s3:PutObject")},
	"service-role/AWSLambdaBasicExecutionRole":          {allow(writeLogs)},
	"service-role/AWSLambdaRole":                        {allow("lambda:InvokeFunction")},
	"service-role/AWSLambdaSQSQueueExecutionRole":       {allow("sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes " + writeLogs)},
	"service-role/AWSLambdaKinesisExecutionRole":        {allow("kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator kinesis:ListShards kinesis:ListStreams kinesis:SubscribeToShard " + writeLogs)},
	"service-role/AWSLambdaDynamoDBExecutionRole":       {allow("dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams " + writeLogs)},
	"service-role/AWSLambdaVPCAccessExecutionRole":      {allow(writeLogs + " ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses")},
	"service-role/AmazonSNSRole":                        {allow("logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents logs:PutMetricFilter logs:PutRetentionPolicy")},
	"service-role/AmazonAPIGatewayPushToCloudWatchLogs": {allow("logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams logs:PutLogEvents logs:GetLogEvents logs:FilterLogEvents")},

	"CloudWatchFullAccess":         {allow("autoscaling:Describe* cloudwatch:* logs:* sns:*")},
	"CloudWatchReadOnlyAccess":     {allow(readMetrics + " " + readLogs + " sns:Get* sns:List*")},
	"CloudWatchLogsFullAccess":     {allow("logs:* cloudwatch:GenerateQuery")},
	"CloudWatchLogsReadOnlyAccess": {allow(readLogs)},

	"AmazonS3FullAccess":           {allow("s3:* s3-object-lambda:*")},
	"AmazonS3ReadOnlyAccess":       {allow("s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*")},
	"AmazonKinesisFullAccess":      {allow("kinesis:*")},
	"AmazonKinesisReadOnlyAccess":  {allow("kinesis:Get* kinesis:List* kinesis:Describe*")},
	"AmazonDynamoDBFullAccess":     {allow("dynamodb:* dax:*")},
	"AmazonDynamoDBReadOnlyAccess": {allow("dynamodb:BatchGetItem dynamodb:Describe* dynamodb:List* dynamodb:GetItem dynamodb:GetResourcePolicy dynamodb:Query dynamodb:Scan dynamodb:PartiQLSelect")},
	"SecretsManagerReadWrite":      {allow("secretsmanager:*")},
	"AWSXRayDaemonWriteAccess":     {allow("xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets xray:GetSamplingStatisticSummaries")},
	"AWSCloudTrail_ReadOnlyAccess": {allow("cloudtrail:Get* cloudtrail:Describe* cloudtrail:List* cloudtrail:LookupEvents")},
	"AWSCloudTrail_FullAccess":     {allow("cloudtrail:*")},
}
