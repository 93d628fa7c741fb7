/* Processes that ask for what is not there, again and again without waiting. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 2, ends[2];
	char byte;

	for (int number = 1; number < processes; number++)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			break;
		}
	if (pipe2(ends, O_NONBLOCK))
		return 1;
	while (read(ends[0], &byte, 1))
		;
	return 0;
}
