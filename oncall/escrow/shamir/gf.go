package shamir

// The field GF(2^8) with the polynomial x^8+x^4+x^3+x+1 (0x11b). There are no tables and no
// branches on what is multiplied: how long it takes, and which memory it touches, tell
// nothing of a secret. Addition is xor.

// multiply multiplies in the field.
func multiply(a, b byte) byte {
	var product byte
	for range 8 {
		product ^= a & -(b & 1) // all ones if the lowest bit of b is set
		a = a<<1 ^ 0x1b&-(a>>7) // times x, reduced if it grew over eight bits
		b >>= 1
	}
	return product
}

// invert returns what a is multiplied with to get one: a^254. Of zero it is zero.
func invert(a byte) byte {
	result := byte(1)
	for range 7 { // 254 is 2+4+8+16+32+64+128
		a = multiply(a, a)
		result = multiply(result, a)
	}
	return result
}
