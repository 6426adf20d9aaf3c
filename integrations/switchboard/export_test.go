package switchboard

// ClientTLS lets tests outside of this package call as an attacker does.
var ClientTLS = Identity.clientTLS
