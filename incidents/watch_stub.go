package incidents

type Watch struct{}
