package main

import (
	"context"

	"github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

// double stands for a service: it keeps the input that a call was decoded to,
// and answers what the test put in output or err.
type double struct {
	input  any
	output any
	err    error
}

func answer[O any](d *double, in any) (*O, error) {
	d.input = in
	out, _ := d.output.(*O)
	return out, d.err
}

type sqsDouble struct{ *double }

type eventsDouble struct{ *double }

type snsDouble struct{ *double }

type stsDouble struct{ *double }

var (
	_ sqs.Operations    = sqsDouble{}
	_ events.Operations = eventsDouble{}
	_ sns.Operations    = snsDouble{}
	_ sts.Operations    = stsDouble{}
)

func (d sqsDouble) AddPermission(_ context.Context, _ *wire.Call, in *sqs.AddPermissionInput) (*sqs.AddPermissionOutput, error) {
	return answer[sqs.AddPermissionOutput](d.double, in)
}

func (d sqsDouble) CancelMessageMoveTask(_ context.Context, _ *wire.Call, in *sqs.CancelMessageMoveTaskInput) (*sqs.CancelMessageMoveTaskOutput, error) {
	return answer[sqs.CancelMessageMoveTaskOutput](d.double, in)
}

func (d sqsDouble) ChangeMessageVisibility(_ context.Context, _ *wire.Call, in *sqs.ChangeMessageVisibilityInput) (*sqs.ChangeMessageVisibilityOutput, error) {
	return answer[sqs.ChangeMessageVisibilityOutput](d.double, in)
}

func (d sqsDouble) ChangeMessageVisibilityBatch(_ context.Context, _ *wire.Call, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	return answer[sqs.ChangeMessageVisibilityBatchOutput](d.double, in)
}

func (d sqsDouble) CreateQueue(_ context.Context, _ *wire.Call, in *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) {
	return answer[sqs.CreateQueueOutput](d.double, in)
}

func (d sqsDouble) DeleteMessage(_ context.Context, _ *wire.Call, in *sqs.DeleteMessageInput) (*sqs.DeleteMessageOutput, error) {
	return answer[sqs.DeleteMessageOutput](d.double, in)
}

func (d sqsDouble) DeleteMessageBatch(_ context.Context, _ *wire.Call, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
	return answer[sqs.DeleteMessageBatchOutput](d.double, in)
}

func (d sqsDouble) DeleteQueue(_ context.Context, _ *wire.Call, in *sqs.DeleteQueueInput) (*sqs.DeleteQueueOutput, error) {
	return answer[sqs.DeleteQueueOutput](d.double, in)
}

func (d sqsDouble) GetQueueAttributes(_ context.Context, _ *wire.Call, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
	return answer[sqs.GetQueueAttributesOutput](d.double, in)
}

func (d sqsDouble) GetQueueUrl(_ context.Context, _ *wire.Call, in *sqs.GetQueueUrlInput) (*sqs.GetQueueUrlOutput, error) {
	return answer[sqs.GetQueueUrlOutput](d.double, in)
}

func (d sqsDouble) ListDeadLetterSourceQueues(_ context.Context, _ *wire.Call, in *sqs.ListDeadLetterSourceQueuesInput) (*sqs.ListDeadLetterSourceQueuesOutput, error) {
	return answer[sqs.ListDeadLetterSourceQueuesOutput](d.double, in)
}

func (d sqsDouble) ListMessageMoveTasks(_ context.Context, _ *wire.Call, in *sqs.ListMessageMoveTasksInput) (*sqs.ListMessageMoveTasksOutput, error) {
	return answer[sqs.ListMessageMoveTasksOutput](d.double, in)
}

func (d sqsDouble) ListQueueTags(_ context.Context, _ *wire.Call, in *sqs.ListQueueTagsInput) (*sqs.ListQueueTagsOutput, error) {
	return answer[sqs.ListQueueTagsOutput](d.double, in)
}

func (d sqsDouble) ListQueues(_ context.Context, _ *wire.Call, in *sqs.ListQueuesInput) (*sqs.ListQueuesOutput, error) {
	return answer[sqs.ListQueuesOutput](d.double, in)
}

func (d sqsDouble) PurgeQueue(_ context.Context, _ *wire.Call, in *sqs.PurgeQueueInput) (*sqs.PurgeQueueOutput, error) {
	return answer[sqs.PurgeQueueOutput](d.double, in)
}

func (d sqsDouble) ReceiveMessage(_ context.Context, _ *wire.Call, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
	return answer[sqs.ReceiveMessageOutput](d.double, in)
}

func (d sqsDouble) RemovePermission(_ context.Context, _ *wire.Call, in *sqs.RemovePermissionInput) (*sqs.RemovePermissionOutput, error) {
	return answer[sqs.RemovePermissionOutput](d.double, in)
}

func (d sqsDouble) SendMessage(_ context.Context, _ *wire.Call, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	return answer[sqs.SendMessageOutput](d.double, in)
}

func (d sqsDouble) SendMessageBatch(_ context.Context, _ *wire.Call, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	return answer[sqs.SendMessageBatchOutput](d.double, in)
}

func (d sqsDouble) SetQueueAttributes(_ context.Context, _ *wire.Call, in *sqs.SetQueueAttributesInput) (*sqs.SetQueueAttributesOutput, error) {
	return answer[sqs.SetQueueAttributesOutput](d.double, in)
}

func (d sqsDouble) StartMessageMoveTask(_ context.Context, _ *wire.Call, in *sqs.StartMessageMoveTaskInput) (*sqs.StartMessageMoveTaskOutput, error) {
	return answer[sqs.StartMessageMoveTaskOutput](d.double, in)
}

func (d sqsDouble) TagQueue(_ context.Context, _ *wire.Call, in *sqs.TagQueueInput) (*sqs.TagQueueOutput, error) {
	return answer[sqs.TagQueueOutput](d.double, in)
}

func (d sqsDouble) UntagQueue(_ context.Context, _ *wire.Call, in *sqs.UntagQueueInput) (*sqs.UntagQueueOutput, error) {
	return answer[sqs.UntagQueueOutput](d.double, in)
}

func (d eventsDouble) ActivateEventSource(_ context.Context, _ *wire.Call, in *events.ActivateEventSourceInput) (*events.ActivateEventSourceOutput, error) {
	return answer[events.ActivateEventSourceOutput](d.double, in)
}

func (d eventsDouble) CancelReplay(_ context.Context, _ *wire.Call, in *events.CancelReplayInput) (*events.CancelReplayOutput, error) {
	return answer[events.CancelReplayOutput](d.double, in)
}

func (d eventsDouble) CreateApiDestination(_ context.Context, _ *wire.Call, in *events.CreateApiDestinationInput) (*events.CreateApiDestinationOutput, error) {
	return answer[events.CreateApiDestinationOutput](d.double, in)
}

func (d eventsDouble) CreateArchive(_ context.Context, _ *wire.Call, in *events.CreateArchiveInput) (*events.CreateArchiveOutput, error) {
	return answer[events.CreateArchiveOutput](d.double, in)
}

func (d eventsDouble) CreateConnection(_ context.Context, _ *wire.Call, in *events.CreateConnectionInput) (*events.CreateConnectionOutput, error) {
	return answer[events.CreateConnectionOutput](d.double, in)
}

func (d eventsDouble) CreateEndpoint(_ context.Context, _ *wire.Call, in *events.CreateEndpointInput) (*events.CreateEndpointOutput, error) {
	return answer[events.CreateEndpointOutput](d.double, in)
}

func (d eventsDouble) CreateEventBus(_ context.Context, _ *wire.Call, in *events.CreateEventBusInput) (*events.CreateEventBusOutput, error) {
	return answer[events.CreateEventBusOutput](d.double, in)
}

func (d eventsDouble) CreatePartnerEventSource(_ context.Context, _ *wire.Call, in *events.CreatePartnerEventSourceInput) (*events.CreatePartnerEventSourceOutput, error) {
	return answer[events.CreatePartnerEventSourceOutput](d.double, in)
}

func (d eventsDouble) DeactivateEventSource(_ context.Context, _ *wire.Call, in *events.DeactivateEventSourceInput) (*events.DeactivateEventSourceOutput, error) {
	return answer[events.DeactivateEventSourceOutput](d.double, in)
}

func (d eventsDouble) DeauthorizeConnection(_ context.Context, _ *wire.Call, in *events.DeauthorizeConnectionInput) (*events.DeauthorizeConnectionOutput, error) {
	return answer[events.DeauthorizeConnectionOutput](d.double, in)
}

func (d eventsDouble) DeleteApiDestination(_ context.Context, _ *wire.Call, in *events.DeleteApiDestinationInput) (*events.DeleteApiDestinationOutput, error) {
	return answer[events.DeleteApiDestinationOutput](d.double, in)
}

func (d eventsDouble) DeleteArchive(_ context.Context, _ *wire.Call, in *events.DeleteArchiveInput) (*events.DeleteArchiveOutput, error) {
	return answer[events.DeleteArchiveOutput](d.double, in)
}

func (d eventsDouble) DeleteConnection(_ context.Context, _ *wire.Call, in *events.DeleteConnectionInput) (*events.DeleteConnectionOutput, error) {
	return answer[events.DeleteConnectionOutput](d.double, in)
}

func (d eventsDouble) DeleteEndpoint(_ context.Context, _ *wire.Call, in *events.DeleteEndpointInput) (*events.DeleteEndpointOutput, error) {
	return answer[events.DeleteEndpointOutput](d.double, in)
}

func (d eventsDouble) DeleteEventBus(_ context.Context, _ *wire.Call, in *events.DeleteEventBusInput) (*events.DeleteEventBusOutput, error) {
	return answer[events.DeleteEventBusOutput](d.double, in)
}

func (d eventsDouble) DeletePartnerEventSource(_ context.Context, _ *wire.Call, in *events.DeletePartnerEventSourceInput) (*events.DeletePartnerEventSourceOutput, error) {
	return answer[events.DeletePartnerEventSourceOutput](d.double, in)
}

func (d eventsDouble) DeleteRule(_ context.Context, _ *wire.Call, in *events.DeleteRuleInput) (*events.DeleteRuleOutput, error) {
	return answer[events.DeleteRuleOutput](d.double, in)
}

func (d eventsDouble) DescribeApiDestination(_ context.Context, _ *wire.Call, in *events.DescribeApiDestinationInput) (*events.DescribeApiDestinationOutput, error) {
	return answer[events.DescribeApiDestinationOutput](d.double, in)
}

func (d eventsDouble) DescribeArchive(_ context.Context, _ *wire.Call, in *events.DescribeArchiveInput) (*events.DescribeArchiveOutput, error) {
	return answer[events.DescribeArchiveOutput](d.double, in)
}

func (d eventsDouble) DescribeConnection(_ context.Context, _ *wire.Call, in *events.DescribeConnectionInput) (*events.DescribeConnectionOutput, error) {
	return answer[events.DescribeConnectionOutput](d.double, in)
}

func (d eventsDouble) DescribeEndpoint(_ context.Context, _ *wire.Call, in *events.DescribeEndpointInput) (*events.DescribeEndpointOutput, error) {
	return answer[events.DescribeEndpointOutput](d.double, in)
}

func (d eventsDouble) DescribeEventBus(_ context.Context, _ *wire.Call, in *events.DescribeEventBusInput) (*events.DescribeEventBusOutput, error) {
	return answer[events.DescribeEventBusOutput](d.double, in)
}

func (d eventsDouble) DescribeEventSource(_ context.Context, _ *wire.Call, in *events.DescribeEventSourceInput) (*events.DescribeEventSourceOutput, error) {
	return answer[events.DescribeEventSourceOutput](d.double, in)
}

func (d eventsDouble) DescribePartnerEventSource(_ context.Context, _ *wire.Call, in *events.DescribePartnerEventSourceInput) (*events.DescribePartnerEventSourceOutput, error) {
	return answer[events.DescribePartnerEventSourceOutput](d.double, in)
}

func (d eventsDouble) DescribeReplay(_ context.Context, _ *wire.Call, in *events.DescribeReplayInput) (*events.DescribeReplayOutput, error) {
	return answer[events.DescribeReplayOutput](d.double, in)
}

func (d eventsDouble) DescribeRule(_ context.Context, _ *wire.Call, in *events.DescribeRuleInput) (*events.DescribeRuleOutput, error) {
	return answer[events.DescribeRuleOutput](d.double, in)
}

func (d eventsDouble) DisableRule(_ context.Context, _ *wire.Call, in *events.DisableRuleInput) (*events.DisableRuleOutput, error) {
	return answer[events.DisableRuleOutput](d.double, in)
}

func (d eventsDouble) EnableRule(_ context.Context, _ *wire.Call, in *events.EnableRuleInput) (*events.EnableRuleOutput, error) {
	return answer[events.EnableRuleOutput](d.double, in)
}

func (d eventsDouble) ListApiDestinations(_ context.Context, _ *wire.Call, in *events.ListApiDestinationsInput) (*events.ListApiDestinationsOutput, error) {
	return answer[events.ListApiDestinationsOutput](d.double, in)
}

func (d eventsDouble) ListArchives(_ context.Context, _ *wire.Call, in *events.ListArchivesInput) (*events.ListArchivesOutput, error) {
	return answer[events.ListArchivesOutput](d.double, in)
}

func (d eventsDouble) ListConnections(_ context.Context, _ *wire.Call, in *events.ListConnectionsInput) (*events.ListConnectionsOutput, error) {
	return answer[events.ListConnectionsOutput](d.double, in)
}

func (d eventsDouble) ListEndpoints(_ context.Context, _ *wire.Call, in *events.ListEndpointsInput) (*events.ListEndpointsOutput, error) {
	return answer[events.ListEndpointsOutput](d.double, in)
}

func (d eventsDouble) ListEventBuses(_ context.Context, _ *wire.Call, in *events.ListEventBusesInput) (*events.ListEventBusesOutput, error) {
	return answer[events.ListEventBusesOutput](d.double, in)
}

func (d eventsDouble) ListEventSources(_ context.Context, _ *wire.Call, in *events.ListEventSourcesInput) (*events.ListEventSourcesOutput, error) {
	return answer[events.ListEventSourcesOutput](d.double, in)
}

func (d eventsDouble) ListPartnerEventSourceAccounts(_ context.Context, _ *wire.Call, in *events.ListPartnerEventSourceAccountsInput) (*events.ListPartnerEventSourceAccountsOutput, error) {
	return answer[events.ListPartnerEventSourceAccountsOutput](d.double, in)
}

func (d eventsDouble) ListPartnerEventSources(_ context.Context, _ *wire.Call, in *events.ListPartnerEventSourcesInput) (*events.ListPartnerEventSourcesOutput, error) {
	return answer[events.ListPartnerEventSourcesOutput](d.double, in)
}

func (d eventsDouble) ListReplays(_ context.Context, _ *wire.Call, in *events.ListReplaysInput) (*events.ListReplaysOutput, error) {
	return answer[events.ListReplaysOutput](d.double, in)
}

func (d eventsDouble) ListRuleNamesByTarget(_ context.Context, _ *wire.Call, in *events.ListRuleNamesByTargetInput) (*events.ListRuleNamesByTargetOutput, error) {
	return answer[events.ListRuleNamesByTargetOutput](d.double, in)
}

func (d eventsDouble) ListRules(_ context.Context, _ *wire.Call, in *events.ListRulesInput) (*events.ListRulesOutput, error) {
	return answer[events.ListRulesOutput](d.double, in)
}

func (d eventsDouble) ListTagsForResource(_ context.Context, _ *wire.Call, in *events.ListTagsForResourceInput) (*events.ListTagsForResourceOutput, error) {
	return answer[events.ListTagsForResourceOutput](d.double, in)
}

func (d eventsDouble) ListTargetsByRule(_ context.Context, _ *wire.Call, in *events.ListTargetsByRuleInput) (*events.ListTargetsByRuleOutput, error) {
	return answer[events.ListTargetsByRuleOutput](d.double, in)
}

func (d eventsDouble) PutEvents(_ context.Context, _ *wire.Call, in *events.PutEventsInput) (*events.PutEventsOutput, error) {
	return answer[events.PutEventsOutput](d.double, in)
}

func (d eventsDouble) PutPartnerEvents(_ context.Context, _ *wire.Call, in *events.PutPartnerEventsInput) (*events.PutPartnerEventsOutput, error) {
	return answer[events.PutPartnerEventsOutput](d.double, in)
}

func (d eventsDouble) PutPermission(_ context.Context, _ *wire.Call, in *events.PutPermissionInput) (*events.PutPermissionOutput, error) {
	return answer[events.PutPermissionOutput](d.double, in)
}

func (d eventsDouble) PutRule(_ context.Context, _ *wire.Call, in *events.PutRuleInput) (*events.PutRuleOutput, error) {
	return answer[events.PutRuleOutput](d.double, in)
}

func (d eventsDouble) PutTargets(_ context.Context, _ *wire.Call, in *events.PutTargetsInput) (*events.PutTargetsOutput, error) {
	return answer[events.PutTargetsOutput](d.double, in)
}

func (d eventsDouble) RemovePermission(_ context.Context, _ *wire.Call, in *events.RemovePermissionInput) (*events.RemovePermissionOutput, error) {
	return answer[events.RemovePermissionOutput](d.double, in)
}

func (d eventsDouble) RemoveTargets(_ context.Context, _ *wire.Call, in *events.RemoveTargetsInput) (*events.RemoveTargetsOutput, error) {
	return answer[events.RemoveTargetsOutput](d.double, in)
}

func (d eventsDouble) StartReplay(_ context.Context, _ *wire.Call, in *events.StartReplayInput) (*events.StartReplayOutput, error) {
	return answer[events.StartReplayOutput](d.double, in)
}

func (d eventsDouble) TagResource(_ context.Context, _ *wire.Call, in *events.TagResourceInput) (*events.TagResourceOutput, error) {
	return answer[events.TagResourceOutput](d.double, in)
}

func (d eventsDouble) TestEventPattern(_ context.Context, _ *wire.Call, in *events.TestEventPatternInput) (*events.TestEventPatternOutput, error) {
	return answer[events.TestEventPatternOutput](d.double, in)
}

func (d eventsDouble) UntagResource(_ context.Context, _ *wire.Call, in *events.UntagResourceInput) (*events.UntagResourceOutput, error) {
	return answer[events.UntagResourceOutput](d.double, in)
}

func (d eventsDouble) UpdateApiDestination(_ context.Context, _ *wire.Call, in *events.UpdateApiDestinationInput) (*events.UpdateApiDestinationOutput, error) {
	return answer[events.UpdateApiDestinationOutput](d.double, in)
}

func (d eventsDouble) UpdateArchive(_ context.Context, _ *wire.Call, in *events.UpdateArchiveInput) (*events.UpdateArchiveOutput, error) {
	return answer[events.UpdateArchiveOutput](d.double, in)
}

func (d eventsDouble) UpdateConnection(_ context.Context, _ *wire.Call, in *events.UpdateConnectionInput) (*events.UpdateConnectionOutput, error) {
	return answer[events.UpdateConnectionOutput](d.double, in)
}

func (d eventsDouble) UpdateEndpoint(_ context.Context, _ *wire.Call, in *events.UpdateEndpointInput) (*events.UpdateEndpointOutput, error) {
	return answer[events.UpdateEndpointOutput](d.double, in)
}

func (d eventsDouble) UpdateEventBus(_ context.Context, _ *wire.Call, in *events.UpdateEventBusInput) (*events.UpdateEventBusOutput, error) {
	return answer[events.UpdateEventBusOutput](d.double, in)
}

func (d snsDouble) AddPermission(_ context.Context, _ *wire.Call, in *sns.AddPermissionInput) (*sns.AddPermissionOutput, error) {
	return answer[sns.AddPermissionOutput](d.double, in)
}

func (d snsDouble) CheckIfPhoneNumberIsOptedOut(_ context.Context, _ *wire.Call, in *sns.CheckIfPhoneNumberIsOptedOutInput) (*sns.CheckIfPhoneNumberIsOptedOutOutput, error) {
	return answer[sns.CheckIfPhoneNumberIsOptedOutOutput](d.double, in)
}

func (d snsDouble) ConfirmSubscription(_ context.Context, _ *wire.Call, in *sns.ConfirmSubscriptionInput) (*sns.ConfirmSubscriptionOutput, error) {
	return answer[sns.ConfirmSubscriptionOutput](d.double, in)
}

func (d snsDouble) CreatePlatformApplication(_ context.Context, _ *wire.Call, in *sns.CreatePlatformApplicationInput) (*sns.CreatePlatformApplicationOutput, error) {
	return answer[sns.CreatePlatformApplicationOutput](d.double, in)
}

func (d snsDouble) CreatePlatformEndpoint(_ context.Context, _ *wire.Call, in *sns.CreatePlatformEndpointInput) (*sns.CreatePlatformEndpointOutput, error) {
	return answer[sns.CreatePlatformEndpointOutput](d.double, in)
}

func (d snsDouble) CreateSMSSandboxPhoneNumber(_ context.Context, _ *wire.Call, in *sns.CreateSMSSandboxPhoneNumberInput) (*sns.CreateSMSSandboxPhoneNumberOutput, error) {
	return answer[sns.CreateSMSSandboxPhoneNumberOutput](d.double, in)
}

func (d snsDouble) CreateTopic(_ context.Context, _ *wire.Call, in *sns.CreateTopicInput) (*sns.CreateTopicOutput, error) {
	return answer[sns.CreateTopicOutput](d.double, in)
}

func (d snsDouble) DeleteEndpoint(_ context.Context, _ *wire.Call, in *sns.DeleteEndpointInput) (*sns.DeleteEndpointOutput, error) {
	return answer[sns.DeleteEndpointOutput](d.double, in)
}

func (d snsDouble) DeletePlatformApplication(_ context.Context, _ *wire.Call, in *sns.DeletePlatformApplicationInput) (*sns.DeletePlatformApplicationOutput, error) {
	return answer[sns.DeletePlatformApplicationOutput](d.double, in)
}

func (d snsDouble) DeleteSMSSandboxPhoneNumber(_ context.Context, _ *wire.Call, in *sns.DeleteSMSSandboxPhoneNumberInput) (*sns.DeleteSMSSandboxPhoneNumberOutput, error) {
	return answer[sns.DeleteSMSSandboxPhoneNumberOutput](d.double, in)
}

func (d snsDouble) DeleteTopic(_ context.Context, _ *wire.Call, in *sns.DeleteTopicInput) (*sns.DeleteTopicOutput, error) {
	return answer[sns.DeleteTopicOutput](d.double, in)
}

func (d snsDouble) GetDataProtectionPolicy(_ context.Context, _ *wire.Call, in *sns.GetDataProtectionPolicyInput) (*sns.GetDataProtectionPolicyOutput, error) {
	return answer[sns.GetDataProtectionPolicyOutput](d.double, in)
}

func (d snsDouble) GetEndpointAttributes(_ context.Context, _ *wire.Call, in *sns.GetEndpointAttributesInput) (*sns.GetEndpointAttributesOutput, error) {
	return answer[sns.GetEndpointAttributesOutput](d.double, in)
}

func (d snsDouble) GetPlatformApplicationAttributes(_ context.Context, _ *wire.Call, in *sns.GetPlatformApplicationAttributesInput) (*sns.GetPlatformApplicationAttributesOutput, error) {
	return answer[sns.GetPlatformApplicationAttributesOutput](d.double, in)
}

func (d snsDouble) GetSMSAttributes(_ context.Context, _ *wire.Call, in *sns.GetSMSAttributesInput) (*sns.GetSMSAttributesOutput, error) {
	return answer[sns.GetSMSAttributesOutput](d.double, in)
}

func (d snsDouble) GetSMSSandboxAccountStatus(_ context.Context, _ *wire.Call, in *sns.GetSMSSandboxAccountStatusInput) (*sns.GetSMSSandboxAccountStatusOutput, error) {
	return answer[sns.GetSMSSandboxAccountStatusOutput](d.double, in)
}

func (d snsDouble) GetSubscriptionAttributes(_ context.Context, _ *wire.Call, in *sns.GetSubscriptionAttributesInput) (*sns.GetSubscriptionAttributesOutput, error) {
	return answer[sns.GetSubscriptionAttributesOutput](d.double, in)
}

func (d snsDouble) GetTopicAttributes(_ context.Context, _ *wire.Call, in *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error) {
	return answer[sns.GetTopicAttributesOutput](d.double, in)
}

func (d snsDouble) ListEndpointsByPlatformApplication(_ context.Context, _ *wire.Call, in *sns.ListEndpointsByPlatformApplicationInput) (*sns.ListEndpointsByPlatformApplicationOutput, error) {
	return answer[sns.ListEndpointsByPlatformApplicationOutput](d.double, in)
}

func (d snsDouble) ListOriginationNumbers(_ context.Context, _ *wire.Call, in *sns.ListOriginationNumbersInput) (*sns.ListOriginationNumbersOutput, error) {
	return answer[sns.ListOriginationNumbersOutput](d.double, in)
}

func (d snsDouble) ListPhoneNumbersOptedOut(_ context.Context, _ *wire.Call, in *sns.ListPhoneNumbersOptedOutInput) (*sns.ListPhoneNumbersOptedOutOutput, error) {
	return answer[sns.ListPhoneNumbersOptedOutOutput](d.double, in)
}

func (d snsDouble) ListPlatformApplications(_ context.Context, _ *wire.Call, in *sns.ListPlatformApplicationsInput) (*sns.ListPlatformApplicationsOutput, error) {
	return answer[sns.ListPlatformApplicationsOutput](d.double, in)
}

func (d snsDouble) ListSMSSandboxPhoneNumbers(_ context.Context, _ *wire.Call, in *sns.ListSMSSandboxPhoneNumbersInput) (*sns.ListSMSSandboxPhoneNumbersOutput, error) {
	return answer[sns.ListSMSSandboxPhoneNumbersOutput](d.double, in)
}

func (d snsDouble) ListSubscriptions(_ context.Context, _ *wire.Call, in *sns.ListSubscriptionsInput) (*sns.ListSubscriptionsOutput, error) {
	return answer[sns.ListSubscriptionsOutput](d.double, in)
}

func (d snsDouble) ListSubscriptionsByTopic(_ context.Context, _ *wire.Call, in *sns.ListSubscriptionsByTopicInput) (*sns.ListSubscriptionsByTopicOutput, error) {
	return answer[sns.ListSubscriptionsByTopicOutput](d.double, in)
}

func (d snsDouble) ListTagsForResource(_ context.Context, _ *wire.Call, in *sns.ListTagsForResourceInput) (*sns.ListTagsForResourceOutput, error) {
	return answer[sns.ListTagsForResourceOutput](d.double, in)
}

func (d snsDouble) ListTopics(_ context.Context, _ *wire.Call, in *sns.ListTopicsInput) (*sns.ListTopicsOutput, error) {
	return answer[sns.ListTopicsOutput](d.double, in)
}

func (d snsDouble) OptInPhoneNumber(_ context.Context, _ *wire.Call, in *sns.OptInPhoneNumberInput) (*sns.OptInPhoneNumberOutput, error) {
	return answer[sns.OptInPhoneNumberOutput](d.double, in)
}

func (d snsDouble) Publish(_ context.Context, _ *wire.Call, in *sns.PublishInput) (*sns.PublishOutput, error) {
	return answer[sns.PublishOutput](d.double, in)
}

func (d snsDouble) PublishBatch(_ context.Context, _ *wire.Call, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
	return answer[sns.PublishBatchOutput](d.double, in)
}

func (d snsDouble) PutDataProtectionPolicy(_ context.Context, _ *wire.Call, in *sns.PutDataProtectionPolicyInput) (*sns.PutDataProtectionPolicyOutput, error) {
	return answer[sns.PutDataProtectionPolicyOutput](d.double, in)
}

func (d snsDouble) RemovePermission(_ context.Context, _ *wire.Call, in *sns.RemovePermissionInput) (*sns.RemovePermissionOutput, error) {
	return answer[sns.RemovePermissionOutput](d.double, in)
}

func (d snsDouble) SetEndpointAttributes(_ context.Context, _ *wire.Call, in *sns.SetEndpointAttributesInput) (*sns.SetEndpointAttributesOutput, error) {
	return answer[sns.SetEndpointAttributesOutput](d.double, in)
}

func (d snsDouble) SetPlatformApplicationAttributes(_ context.Context, _ *wire.Call, in *sns.SetPlatformApplicationAttributesInput) (*sns.SetPlatformApplicationAttributesOutput, error) {
	return answer[sns.SetPlatformApplicationAttributesOutput](d.double, in)
}

func (d snsDouble) SetSMSAttributes(_ context.Context, _ *wire.Call, in *sns.SetSMSAttributesInput) (*sns.SetSMSAttributesOutput, error) {
	return answer[sns.SetSMSAttributesOutput](d.double, in)
}

func (d snsDouble) SetSubscriptionAttributes(_ context.Context, _ *wire.Call, in *sns.SetSubscriptionAttributesInput) (*sns.SetSubscriptionAttributesOutput, error) {
	return answer[sns.SetSubscriptionAttributesOutput](d.double, in)
}

func (d snsDouble) SetTopicAttributes(_ context.Context, _ *wire.Call, in *sns.SetTopicAttributesInput) (*sns.SetTopicAttributesOutput, error) {
	return answer[sns.SetTopicAttributesOutput](d.double, in)
}

func (d snsDouble) Subscribe(_ context.Context, _ *wire.Call, in *sns.SubscribeInput) (*sns.SubscribeOutput, error) {
	return answer[sns.SubscribeOutput](d.double, in)
}

func (d snsDouble) TagResource(_ context.Context, _ *wire.Call, in *sns.TagResourceInput) (*sns.TagResourceOutput, error) {
	return answer[sns.TagResourceOutput](d.double, in)
}

func (d snsDouble) Unsubscribe(_ context.Context, _ *wire.Call, in *sns.UnsubscribeInput) (*sns.UnsubscribeOutput, error) {
	return answer[sns.UnsubscribeOutput](d.double, in)
}

func (d snsDouble) UntagResource(_ context.Context, _ *wire.Call, in *sns.UntagResourceInput) (*sns.UntagResourceOutput, error) {
	return answer[sns.UntagResourceOutput](d.double, in)
}

func (d snsDouble) VerifySMSSandboxPhoneNumber(_ context.Context, _ *wire.Call, in *sns.VerifySMSSandboxPhoneNumberInput) (*sns.VerifySMSSandboxPhoneNumberOutput, error) {
	return answer[sns.VerifySMSSandboxPhoneNumberOutput](d.double, in)
}

func (d stsDouble) AssumeRole(_ context.Context, _ *wire.Call, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	return answer[sts.AssumeRoleOutput](d.double, in)
}

func (d stsDouble) AssumeRoleWithSAML(_ context.Context, _ *wire.Call, in *sts.AssumeRoleWithSAMLInput) (*sts.AssumeRoleWithSAMLOutput, error) {
	return answer[sts.AssumeRoleWithSAMLOutput](d.double, in)
}

func (d stsDouble) AssumeRoleWithWebIdentity(_ context.Context, _ *wire.Call, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return answer[sts.AssumeRoleWithWebIdentityOutput](d.double, in)
}

func (d stsDouble) AssumeRoot(_ context.Context, _ *wire.Call, in *sts.AssumeRootInput) (*sts.AssumeRootOutput, error) {
	return answer[sts.AssumeRootOutput](d.double, in)
}

func (d stsDouble) DecodeAuthorizationMessage(_ context.Context, _ *wire.Call, in *sts.DecodeAuthorizationMessageInput) (*sts.DecodeAuthorizationMessageOutput, error) {
	return answer[sts.DecodeAuthorizationMessageOutput](d.double, in)
}

func (d stsDouble) GetAccessKeyInfo(_ context.Context, _ *wire.Call, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoOutput, error) {
	return answer[sts.GetAccessKeyInfoOutput](d.double, in)
}

func (d stsDouble) GetCallerIdentity(_ context.Context, _ *wire.Call, in *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	return answer[sts.GetCallerIdentityOutput](d.double, in)
}

func (d stsDouble) GetDelegatedAccessToken(_ context.Context, _ *wire.Call, in *sts.GetDelegatedAccessTokenInput) (*sts.GetDelegatedAccessTokenOutput, error) {
	return answer[sts.GetDelegatedAccessTokenOutput](d.double, in)
}

func (d stsDouble) GetFederationToken(_ context.Context, _ *wire.Call, in *sts.GetFederationTokenInput) (*sts.GetFederationTokenOutput, error) {
	return answer[sts.GetFederationTokenOutput](d.double, in)
}

func (d stsDouble) GetSessionToken(_ context.Context, _ *wire.Call, in *sts.GetSessionTokenInput) (*sts.GetSessionTokenOutput, error) {
	return answer[sts.GetSessionTokenOutput](d.double, in)
}

func (d stsDouble) GetWebIdentityToken(_ context.Context, _ *wire.Call, in *sts.GetWebIdentityTokenInput) (*sts.GetWebIdentityTokenOutput, error) {
	return answer[sts.GetWebIdentityTokenOutput](d.double, in)
}
