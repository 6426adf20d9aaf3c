package twilio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// explain says why Twilio did not do what we asked, in words that may be stored and
// shown. What Twilio itself says quotes numbers ("The 'To' number +4917… is not valid"),
// so only its error's number is used.
func explain(ctx context.Context, err error) error {
	var r *refusal
	if !errors.As(err, &r) {
		return providerError("Twilio could not be asked")
	}
	if r.status == 0 {
		return unheard(ctx, r.cause)
	}
	if m, known := meanings[r.code]; known {
		return m.error(r.code)
	}
	switch {
	case r.status == http.StatusTooManyRequests:
		if r.pause > 0 {
			return providerError("Twilio wants a pause of " + oncall.Lasting(r.pause))
		}
		return providerError("Twilio wants a pause")
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return providerError(fmt.Sprintf("Twilio refuses our login (%d): look at the account and its token", r.status))
	case r.status == http.StatusBadGateway && r.cause != nil:
		return providerError("what answered at the address of Twilio does not speak like Twilio")
	case r.status == http.StatusRequestTimeout, r.status >= 500:
		return providerError(fmt.Sprintf("Twilio answered %d", r.status))
	case r.status == http.StatusNotFound:
		return providerError("Twilio does not know our account: look at twilio.account_sid and twilio.base_url")
	case r.status/100 == 3:
		return providerError("Twilio is somewhere else now: look at twilio.base_url")
	case r.code != 0:
		return fmt.Errorf("%w: Twilio does not take it (error %d)", paging.ErrPermanent, r.code)
	}
	return fmt.Errorf("%w: Twilio does not take it (%d)", paging.ErrPermanent, r.status)
}

// unheard names the kind of a failure to reach Twilio.
func unheard(ctx context.Context, err error) error {
	var (
		name    *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("the request to Twilio was broken off: %w", context.Canceled)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return providerError("Twilio did not answer in time")
	case errors.As(err, &name):
		return providerError("the name of Twilio could not be resolved")
	}
	return providerError("Twilio could not be reached")
}

// providerError blames Twilio, or our account there: nobody can be reached that way.
func providerError(why string) error { return fmt.Errorf("%w: %s", paging.ErrProvider, why) }

func errSuspended() error {
	return providerError("the account at Twilio is suspended or closed: whoever pays for it must look")
}

func errNoNumber() error {
	return paging.BadAddress{Say: "this is no number that the whole world dials. Write it like +14155550123"}
}

// blame is whose fault an error is, which is what decides how it goes on.
type blame int

const (
	blameAddress  blame = iota + 1 // the number cannot work: its owner is asked
	blameProvider                  // Twilio or our account: another way is used, and the route rests
	blameMessage                   // this message alone: it is not tried again
)

// meaning is what an error number of Twilio's means for us.
type meaning struct {
	blame blame
	say   string
}

func (m meaning) error(code int) error {
	switch m.blame {
	case blameAddress:
		return paging.BadAddress{Say: m.say}
	case blameProvider:
		return providerError(fmt.Sprintf("%s (error %d)", m.say, code))
	}
	return fmt.Errorf("%w: %s (error %d)", paging.ErrPermanent, m.say, code)
}

const (
	sayNoSuchNumber = "there is no such number"
	sayNoTexts      = "this number cannot get texts: it may be a landline"
	sayStopped      = "STOP was sent from this number, and Twilio sends nothing more there. Send START from it to the number that the pages came from"
	sayFrom         = "our own number at Twilio cannot be used: look at twilio.from"
	sayCountry      = "our account may not reach this country: an admin of it has to allow that in Twilio's console, under geographic permissions"
	sayTrial        = "our account at Twilio is on trial, and reaches verified numbers only"
	sayFull         = "Twilio has too much of ours to do"
	sayInbound      = "Twilio does not take the address at which it reaches us: look at inbound.public_url"
)

// meanings are of the numbers in https://www.twilio.com/docs/api/errors, as far as they
// tell what to do. Others are judged by the status of the answer.
var meanings = map[int]meaning{
	// Of a number.
	21211: {blameAddress, sayNoSuchNumber},
	21214: {blameAddress, "this number cannot be reached"},
	21217: {blameAddress, sayNoSuchNumber},
	21265: {blameAddress, "this is a short number, which cannot be paged"},
	21421: {blameAddress, sayNoSuchNumber},
	13223: {blameAddress, sayNoSuchNumber},
	13224: {blameAddress, sayNoSuchNumber},
	21610: {blameAddress, sayStopped},
	21614: {blameAddress, sayNoTexts},
	21635: {blameAddress, sayNoTexts},
	30005: {blameAddress, "the carrier knows no such number"},
	30006: {blameAddress, "this number is a landline, or its carrier takes no texts"},
	// Of our account.
	20003: {blameProvider, "Twilio refuses our login: look at the account and its token"},
	20005: {blameProvider, "the account at Twilio is not active"},
	20006: {blameProvider, "Twilio refuses our login: look at what the API key may do"},
	20008: {blameProvider, "these are test credentials of Twilio's, which reach nobody"},
	10001: {blameProvider, "the account at Twilio is not active"},
	30002: {blameProvider, "the account at Twilio is suspended"},
	21205: {blameProvider, sayInbound},
	21609: {blameProvider, sayInbound},
	21210: {blameProvider, sayFrom},
	21212: {blameProvider, sayFrom},
	21213: {blameProvider, sayFrom},
	21601: {blameProvider, sayFrom},
	21603: {blameProvider, sayFrom},
	21606: {blameProvider, sayFrom},
	21659: {blameProvider, sayFrom},
	21660: {blameProvider, sayFrom},
	21701: {blameProvider, "our messaging service at Twilio cannot be used: look at twilio.sms_from"},
	21703: {blameProvider, "our messaging service at Twilio cannot be used: look at twilio.sms_from"},
	10004: {blameProvider, sayFull},
	14107: {blameProvider, sayFull},
	21611: {blameProvider, sayFull},
	30001: {blameProvider, sayFull},
	30034: {blameProvider, "our number is not registered with the carriers: an admin of the account has to do that (A2P 10DLC)"},
	// Of what we may not, or of this message.
	21215: {blameMessage, sayCountry},
	21408: {blameMessage, sayCountry},
	13227: {blameMessage, sayCountry},
	21219: {blameMessage, sayTrial},
	21608: {blameMessage, sayTrial},
	21216: {blameMessage, "calls to this number are blocked at Twilio"},
	13225: {blameMessage, "calls to this number are blocked at Twilio"},
	21612: {blameMessage, "Twilio has no way from our number to this one"},
	30003: {blameMessage, "the phone is off, or cannot be reached"},
	30004: {blameMessage, "the phone or its carrier blocks our texts"},
	30007: {blameMessage, "the carrier took the text for spam"},
	30008: {blameMessage, "the carrier does not say why"},
}
