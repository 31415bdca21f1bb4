package notification

import "time"

// ConfirmURL is where a subscription of a topic is confirmed by whoever has its
// token. ARNs and tokens have no characters that a query has to escape.
func ConfirmURL(base, topicARN, token string) string {
	return base + "/?Action=ConfirmSubscription&TopicArn=" + topicARN + "&Token=" + token
}

// UnsubscribeURL is where a subscription is ended.
func UnsubscribeURL(base, subscriptionARN string) string {
	return base + "/?Action=Unsubscribe&SubscriptionArn=" + subscriptionARN
}

// Asking is the document that asks an endpoint whether it wants a subscription.
// It has no SubscribeURL yet.
// https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
func Asking(id, topicARN, token string, at time.Time) Notification {
	return Notification{
		Type: Confirm, MessageID: id, Token: token, TopicARN: topicARN, Timestamp: at,
		Message: "Somebody wants this endpoint to get the messages of the topic " + topicARN +
			".\nIf it shall, visit the SubscribeURL of this message. If not, do nothing: nothing more is sent.",
	}
}

// Farewell is the document that tells an endpoint that its subscription has
// ended, and how it goes on.
// https://docs.aws.amazon.com/sns/latest/dg/http-unsubscribe-confirmation-json.html
func Farewell(id, topicARN, subscriptionARN, token string, at time.Time) Notification {
	return Notification{
		Type: UnsubscribeAck, MessageID: id, Token: token, TopicARN: topicARN, Timestamp: at,
		Message: "The subscription " + subscriptionARN +
			" has ended: somebody followed its UnsubscribeURL.\nIf it shall go on, visit the SubscribeURL of this message.",
	}
}
