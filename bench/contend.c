/* Threads that take one lock in turn, work while they hold it, and work a little without it. */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void work(int rounds)
{
	for (volatile int left = rounds; left > 0; left--)
		;
}

static void *contend(void *unused)
{
	for (;;) {
		pthread_mutex_lock(&lock);
		work(100000);
		pthread_mutex_unlock(&lock);
		work(10000);
	}
	return unused;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 16;
	pthread_t made;

	for (int number = 0; number < threads; number++)
		if (pthread_create(&made, NULL, contend, NULL))
			return 1;
	return pthread_join(made, NULL);
}
