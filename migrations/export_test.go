package migrations

import "context"

// UpOwnOnly migrates without River, for a dump that shows our own objects.
func UpOwnOnly(ctx context.Context, dsn string) error {
	pool, err := openSession(ctx, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := EnsureAppRole(ctx, pool, ""); err != nil {
		return err
	}
	_, _, err = upOwn(ctx, pool)
	return err
}
