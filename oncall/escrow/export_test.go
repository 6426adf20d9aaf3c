package escrow

// KEM is the number of the key agreement that halves are sealed with.
func KEM() uint16 {
	kem, _, _ := suite()
	return kem.ID()
}
