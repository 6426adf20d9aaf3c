package pg

// NullID is a number for a column in which 0 is written as null: nobody, none.
func NullID(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
