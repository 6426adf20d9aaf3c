// Package shamir owns the splitting of a key into shares: any k of them give it back, and
// fewer tell nothing about it (Shamir 1979, over GF(2^8)).
//
// It does not know whether the shares that it joins are right, or enough: any shares give
// some value. Whoever joins them compares what comes out with the public key.
//
// A share is as long as the secret and one byte more: the points of the polynomials, one
// for each byte of the secret, and last where they were taken, which is the number of the
// share. OpenBao and Vault write theirs in the same way.
package shamir

import (
	"crypto/rand"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// MostShares is how many shares there can be: the field has no more points but zero, where
// the secret stands.
const MostShares = 255

// MostBytes is how long a secret may be. Keys are shorter; more is a mistake.
const MostBytes = 1024

// Split makes n shares, numbered from 1, of which any k give the secret back. The secret
// stays the caller's, as do the shares: both are to be wiped. The error is fault.Invalid.
func Split(whole secret.Bytes, k, n int) ([]secret.Bytes, error) {
	switch {
	case k < 2:
		return nil, fault.New(fault.Invalid, "At least two shares must be needed: with one, each share is the key.")
	case n < k || n > MostShares:
		return nil, fault.New(fault.Invalid, "There must be at least as many shares as are needed (%d), and at most %d; %d were asked for.", k, MostShares, n)
	case whole.Len() < 1 || whole.Len() > MostBytes:
		return nil, fault.New(fault.Invalid, "Only 1 to %d bytes can be split; these are %d.", MostBytes, whole.Len())
	}
	// Uniform, zero included: leaving zero out, of the highest one too, would tell which
	// values the secret does not have.
	coefficients := make([]byte, (k-1)*whole.Len())
	defer clear(coefficients)
	_, _ = rand.Read(coefficients) // never fails, see crypto/rand
	return shares(whole.RevealBytes(), coefficients, n), nil
}

// shares takes the polynomials of a secret at 1 to n. The coefficients are those of the
// first power for all bytes, then those of the second, and so on.
func shares(whole, coefficients []byte, n int) []secret.Bytes {
	size := len(whole)
	list := make([]secret.Bytes, n)
	for i := range list {
		x := byte(i + 1)
		share := make([]byte, size+1)
		for at := len(coefficients) - size; at >= 0; at -= size { // Horner: the highest power first
			for b := range size {
				share[b] = multiply(share[b]^coefficients[at+b], x)
			}
		}
		for b := range size {
			share[b] ^= whole[b]
		}
		share[size] = x
		list[i] = secret.NewBytes(share)
	}
	return list
}

// Number is the number of a share, which is no secret; 0 is none.
func Number(share secret.Bytes) int {
	if share.Len() < 2 {
		return 0
	}
	return int(share.RevealBytes()[share.Len()-1])
}

// Combine gives back what was split. It takes as many shares as are needed, or more, in any
// order; too few, or a wrong one, give something else without an error. The error is
// fault.Invalid, about shares that cannot belong together.
func Combine(parts []secret.Bytes) (secret.Bytes, error) {
	if len(parts) < 2 || len(parts) > MostShares {
		return secret.Bytes{}, fault.New(fault.Invalid, "Two shares or more are needed, of different custodians; these are %d.", len(parts))
	}
	size := parts[0].Len() - 1
	if size < 1 || size > MostBytes {
		return secret.Bytes{}, fault.New(fault.Invalid, "A share is 2 to %d bytes; the first one is %d. Was it copied as a whole?", MostBytes+1, size+1)
	}
	var seen [MostShares + 1]bool
	for i, part := range parts {
		number := Number(part)
		switch {
		case part.Len() != size+1:
			return secret.Bytes{}, fault.New(fault.Invalid, "The first share is %d bytes and share %d of the list is %d. Was one cut off, or are they of different keys?", size+1, i+1, part.Len())
		case number == 0:
			return secret.Bytes{}, fault.New(fault.Invalid, "Share %d of the list has the number 0, which no share has. It was damaged or made up.", i+1)
		case seen[number]:
			return secret.Bytes{}, fault.New(fault.Invalid, "Share number %d was given twice. Another custodian's is needed.", number)
		}
		seen[number] = true
	}
	whole := make([]byte, size)
	for i, part := range parts {
		weight := weightOf(parts, i)
		for b, y := range part.RevealBytes()[:size] {
			whole[b] ^= multiply(y, weight)
		}
	}
	return secret.NewBytes(whole), nil
}

// weightOf is Lagrange's: how much the point of a share counts for the value at zero.
func weightOf(parts []secret.Bytes, of int) byte {
	own := byte(Number(parts[of])) // #nosec G115 -- the number of a share is one byte of it
	weight := byte(1)
	for i, part := range parts {
		if i != of {
			x := byte(Number(part)) // #nosec G115 -- the number of a share is one byte of it
			weight = multiply(weight, multiply(x, invert(x^own)))
		}
	}
	return weight
}
