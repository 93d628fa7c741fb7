/*
 * A server on loopback and its clients: RATE requests a second for SECONDS, at fixed times (a late answer does
 * not put off the next request), over 32 connections. Prints the requests answered, the processor time of both
 * sides in seconds, and the median and 99th percentile of the time to an answer in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 32, REQUEST = 128, ANSWER = 512, MOST = 4000000 };

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

static void serve(int listening)
{
	struct epoll_event events[64], event = { .events = EPOLLIN, .data.fd = listening };
	int poll_file = epoll_create1(0), one = 1, count, client;
	char request[4096], answer[ANSWER] = { 'a' };
	ssize_t size;

	epoll_ctl(poll_file, EPOLL_CTL_ADD, listening, &event);
	for (;;) {
		count = epoll_wait(poll_file, events, 64, -1);
		for (int at = 0; at < count; at++) {
			if (events[at].data.fd == listening) {
				client = accept(listening, 0, 0);
				setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
				event.data.fd = client;
				epoll_ctl(poll_file, EPOLL_CTL_ADD, client, &event);
				continue;
			}
			size = read(events[at].data.fd, request, sizeof(request));
			if (size <= 0) {
				close(events[at].data.fd);
				continue;
			}
			for (; size >= REQUEST; size -= REQUEST)
				if (write(events[at].data.fd, answer, ANSWER) != ANSWER)
					_exit(1);
		}
	}
}

static int by_size(const void *one, const void *other)
{
	float a = *(const float *)one, b = *(const float *)other;

	return (a > b) - (a < b);
}

static double cpu_s(int who)
{
	struct rusage used;

	getrusage(who, &used);
	return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	int rate = argc > 1 ? atoi(argv[1]) : 10000, one = 1, listening, answered = 0, sent = 0;
	double seconds = argc > 2 ? atof(argv[2]) : 5, began, wait_s;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	static double queue[CONNECTIONS][4096];
	int first[CONNECTIONS] = { 0 }, last[CONNECTIONS] = { 0 }, partial[CONNECTIONS] = { 0 };
	struct pollfd files[CONNECTIONS];
	float *took = malloc(MOST * sizeof(float));
	socklen_t length = sizeof(address);
	char request[REQUEST] = { 'r' }, answer[1 << 16];
	pid_t server;

	listening = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listening, (struct sockaddr *)&address, sizeof(address)) || listen(listening, 64) ||
	    getsockname(listening, (struct sockaddr *)&address, &length))
		return 1;
	server = fork();
	if (!server)
		serve(listening);
	for (int at = 0; at < CONNECTIONS; at++) {
		files[at].fd = socket(AF_INET, SOCK_STREAM, 0);
		files[at].events = POLLIN;
		if (connect(files[at].fd, (struct sockaddr *)&address, sizeof(address)))
			return 1;
		setsockopt(files[at].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		fcntl(files[at].fd, F_SETFL, O_NONBLOCK);
	}
	began = now();
	while (now() - began < seconds && answered < MOST) {
		for (; sent < (now() - began) * rate; sent++) {
			int at = sent % CONNECTIONS;

			if (last[at] - first[at] >= 4096 || write(files[at].fd, request, REQUEST) != REQUEST)
				break;
			queue[at][last[at]++ & 4095] = began + (double)sent / rate;
		}
		wait_s = began + (double)sent / rate - now();
		struct timespec wait = { .tv_nsec = wait_s > 0 ? wait_s * 1e9 : 0 };

		if (ppoll(files, CONNECTIONS, &wait, 0) <= 0)
			continue;
		for (int at = 0; at < CONNECTIONS; at++) {
			ssize_t size = files[at].revents ? read(files[at].fd, answer, sizeof(answer)) : 0;

			for (partial[at] += size > 0 ? size : 0; partial[at] >= ANSWER; partial[at] -= ANSWER)
				took[answered++] = (now() - queue[at][first[at]++ & 4095]) * 1e6;
		}
	}
	seconds = now() - began;
	kill(server, SIGKILL);
	waitpid(server, 0, 0);
	qsort(took, answered, sizeof(float), by_size);
	printf("%d %f %f %f %f\n", answered, seconds, cpu_s(RUSAGE_SELF) + cpu_s(RUSAGE_CHILDREN),
	       took[answered / 2], took[answered / 100 * 99]);
	return 0;
}
