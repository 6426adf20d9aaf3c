package meeting

// SearchStatements are those that look for words.
func SearchStatements() map[string]string {
	return map[string]string{"items": sqlSearchItems, "count": sqlHowMany, "all": sqlSearchAll, "newest": sqlSearchNewest}
}
