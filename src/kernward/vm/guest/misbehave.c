/*
 * misbehave: a program that does one thing wrong, named after the service it stands for.
 * Statically linked, so that a guest needs nothing else. Its children end with it. It runs until it
 * is killed, unless what it does ends it.
 *
 * Memory
 *   SERVICE eat MB               touch that much memory and keep it (0: all there is)
 *   SERVICE leak MB_PER_S MB     touch that much more each second, up to MB (0: without an end)
 *   SERVICE churn MB             write to the pages of that much memory in random order
 *   SERVICE reread PATH MB       read the first MB of a file again and again, through the page cache
 *   SERVICE fragment PERCENT     take that part of free memory in pages that cannot be moved, give
 *                                every second one back
 *   SERVICE poison               have the kernel declare a page of this process broken
 * Crashes
 *   SERVICE null | wild | divide | illegal
 *                                write through a null pointer; follow a pointer that is no address;
 *                                divide by zero; execute an undefined instruction
 * Processors
 *   SERVICE spin THREADS [CPU]   compute (all on one CPU)
 *   SERVICE bottleneck WORKERS   one thread computes, the others wait for what it hands out
 *   SERVICE futex THREADS US     threads take one lock in turn and compute for US under it
 *   SERVICE switch PAIRS         pairs of threads that pass a byte to and fro
 *   SERVICE timers THREADS US    threads that sleep for US at a time
 * Limits
 *   SERVICE fork COUNT           processes that all fork, COUNT of them at most
 *   SERVICE processes SPARE      fork until there are no process ids left, then give SPARE back
 *   SERVICE zombies COUNT        children that ended and are not waited for
 *   SERVICE descriptors COUNT    lower the limit to COUNT and open files beyond it
 *   SERVICE files COUNT          open that many files, as a user without privileges
 * Storage
 *   SERVICE direct PATH read|write THREADS BYTES MB
 *                                requests of BYTES at random places of the first MB, past the cache
 *   SERVICE dirty PATH MB        write MB through the page cache, again and again
 *   SERVICE fsync PATH THREADS BYTES
 *                                each thread writes a record to its own file (or to a device) and
 *                                waits for it
 *   SERVICE shutdown PATH        take the XFS file system at this path out of service
 *   SERVICE nbd-serve PORT MB    serve MB of memory as a network block device
 *   SERVICE nbd-attach DEVICE ADDRESS PORT MB TIMEOUT_S
 *                                be the client of such a server
 * Network
 *   SERVICE listen PORT QUEUE    listen on a port and never accept
 *   SERVICE serve PORT           accept, and throw away what comes
 *   SERVICE stream ADDRESS PORT  send without an end
 *   SERVICE hold ADDRESS PORT COUNT
 *                                open that many connections and keep them; try again what fails
 *   SERVICE unread COUNT MB      connections to oneself on which MB each are sent and never read
 *   SERVICE syn ADDRESS PORT COUNT PER_S
 *                                send connection requests from invented addresses (COUNT 0: without
 *                                an end; PER_S 0: as fast as it can)
 *   SERVICE sockets COUNT        open that many UDP flows to one's own host, again each second
 *   SERVICE scan ADDRESS COUNT   send a packet to that many addresses, again each second
 *   SERVICE flood ADDRESS PORT BYTES PER_S
 *                                send UDP packets (PER_S 0: as fast as it can)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nbd.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L
#define MB (1L << 20)

static const char *service;

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", service, what, strerror(errno));
	exit(1);
}

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0) {
		fprintf(stderr, "%s: a number was expected, not '%s'\n", service, text);
		exit(2);
	}
	return value;
}

static void forever(void)
{
	for (;;)
		pause();
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

static void rest(double seconds)
{
	struct timespec span = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };

	nanosleep(&span, NULL);
}

/* xorshift64: random enough to choose a page by, and cheap. */
static uint64_t chance(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t seed(uint64_t more)
{
	return ((uint64_t)getpid() << 32 | (uint64_t)time(NULL)) * 2654435761u + more * 40503 + 1;
}

static void start(void *(*body)(void *), void *argument)
{
	pthread_t thread;
	pthread_attr_t small;
	int error;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	error = pthread_create(&thread, &small, body, argument);
	if (error) {
		errno = error;
		fail("thread");
	}
	pthread_detach(thread);
}

/* A child that ends with its parent; returns 0 in the child, as fork() does. */
static pid_t child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
	}
	return pid;
}

/* Memory */

static char *map(long bytes)
{
	char *part = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return part == MAP_FAILED ? NULL : part;
}

static void eat(char **argument)
{
	long megabytes = number(argument[0]);

	for (long done = 0; !megabytes || done < megabytes; done++) {
		char *part = map(MB);

		if (!part)
			break;
		memset(part, 0x5a, MB);
	}
	forever();
}

static void leak(char **argument)
{
	long rate = number(argument[0]) * MB, most = number(argument[1]) * MB, done = 0;
	double began = now();

	while (!most || done < most) {
		long due = (now() - began) * rate;

		for (; done < due && (!most || done < most); done += PAGE * 16) {
			char *part = map(PAGE * 16);

			if (!part)
				forever();
			memset(part, 0x5a, PAGE * 16);
		}
		rest(0.05);
	}
	forever();
}

static void churn(char **argument)
{
	long pages = number(argument[0]) * MB / PAGE;
	char *all = map(pages * PAGE);
	uint64_t state = seed(0);

	if (!all)
		fail("mmap");
	/* One page at a time is what is to go in and out. */
	madvise(all, pages * PAGE, MADV_NOHUGEPAGE);
	/* A quarter of each page differs from all others: zram can neither store it as one word nor in none. */
	for (long page = 0; page < pages; page++)
		for (long word = 0; word < PAGE / 32; word++)
			((uint64_t *)(all + page * PAGE))[word] = chance(&state);
	for (;;)
		((uint64_t *)(all + chance(&state) % pages * PAGE))[0] = chance(&state);
}

static void reread(char **argument)
{
	static char buffer[128 << 10];
	long bytes = number(argument[1]) * MB;
	int file = open(argument[0], O_RDONLY);

	if (file < 0)
		fail(argument[0]);
	for (;;)
		for (long at = 0; at < bytes; at += sizeof(buffer))
			if (pread(file, buffer, sizeof(buffer), at) <= 0) {
				if (!at)
					fail(argument[0]);
				break;
			}
}

static long available(void)
{
	char line[128];
	long kilobytes = 0;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld kB", &kilobytes) == 1)
			break;
	if (file)
		fclose(file);
	return kilobytes * 1024;
}

/* A pipe keeps what is written to it in pages of its own, and those the kernel does not move. */
static void fragment(char **argument)
{
	enum { PIPE_PAGES = 256 };
	static char page[PAGE];
	long pages = available() / 100 * number(argument[0]) / PAGE;
	struct rlimit most = { 65536, 65536 };

	setrlimit(RLIMIT_NOFILE, &most);
	for (long done = 0; done < pages; done += 2 * PIPE_PAGES) {
		int kept[2], given[2];

		if (pipe2(kept, O_NONBLOCK) || pipe2(given, O_NONBLOCK))
			fail("pipe");
		if (fcntl(kept[1], F_SETPIPE_SZ, PIPE_PAGES * PAGE) < 0 ||
		    fcntl(given[1], F_SETPIPE_SZ, PIPE_PAGES * PAGE) < 0)
			fail("pipe size");
		/* The number of the pipe that is to be emptied is all there is to remember. */
		dup2(given[0], 20000 + done / PIPE_PAGES);
		close(given[0]);
		for (int each = 0; each < PIPE_PAGES; each++)
			if (write(kept[1], page, PAGE) < 0 || write(given[1], page, PAGE) < 0)
				fail("write");
	}
	for (long done = 0; done < pages; done += 2 * PIPE_PAGES)
		while (read(20000 + done / PIPE_PAGES, page, PAGE) > 0)
			;
	forever();
}

static void poison(char **argument)
{
	char *page = map(PAGE);

	(void)argument;
	if (!page)
		fail("mmap");
	memset(page, 1, PAGE);
	if (madvise(page, PAGE, MADV_HWPOISON))
		fail("madvise");
	exit(page[0]);
}

/* Crashes */

static void null(char **argument)
{
	(void)argument;
	*(volatile int *)8 = 1;
}

static void wild(char **argument)
{
	(void)argument;
	*(volatile int *)0xdead000000000100 = 1;
}

static void divide(char **argument)
{
	/* The compiler knows 1 / x without dividing. */
	volatile int zero = 0, dividend = 1000;

	(void)argument;
	exit(dividend / zero);
}

static void illegal(char **argument)
{
	(void)argument;
	__builtin_trap();
}

/* Processors */

static void *compute(void *unused)
{
	volatile unsigned long sum = 0;

	(void)unused;
	for (;;)
		sum++;
	return NULL;
}

static void spin(char **argument)
{
	long threads = number(argument[0]);

	if (argument[1]) {
		cpu_set_t only;

		CPU_ZERO(&only);
		CPU_SET(number(argument[1]), &only);
		if (sched_setaffinity(0, sizeof(only), &only))
			fail("sched_setaffinity");
	}
	for (long each = 1; each < threads; each++)
		start(compute, NULL);
	compute(NULL);
}

static int handed_out[2];

static void *worker(void *unused)
{
	char item;

	(void)unused;
	prctl(PR_SET_NAME, "worker");
	for (;;)
		if (read(handed_out[0], &item, 1) != 1)
			return NULL;
}

static void bottleneck(char **argument)
{
	volatile unsigned long sum = 0;

	if (pipe(handed_out))
		fail("pipe");
	for (long each = number(argument[0]); each; each--)
		start(worker, NULL);
	for (;;) {
		for (double until = now() + 0.5; now() < until;)
			for (long step = 0; step < 100000; step++)
				sum++;
		if (write(handed_out[1], "x", 1) != 1)
			fail("write");
	}
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double under_lock_s;

static void *contend(void *unused)
{
	(void)unused;
	for (;;) {
		pthread_mutex_lock(&lock);
		for (double until = now() + under_lock_s; now() < until;)
			;
		pthread_mutex_unlock(&lock);
		/* Let another one have it: a lock that is taken back at once is held, not contended for. */
		sched_yield();
	}
	return NULL;
}

static void futex(char **argument)
{
	under_lock_s = number(argument[1]) / 1e6;
	for (long each = number(argument[0]); each > 1; each--)
		start(contend, NULL);
	contend(NULL);
}

static void *bounce(void *ends)
{
	int *end = ends;
	char byte;

	while (read(end[0], &byte, 1) == 1 && write(end[1], &byte, 1) == 1)
		;
	return NULL;
}

static void switches(char **argument)
{
	for (long each = number(argument[0]); each; each--) {
		int there[2], back[2];
		int *ends = calloc(4, sizeof(int));

		if (!ends || pipe(there) || pipe(back))
			fail("pipe");
		ends[0] = there[0], ends[1] = back[1], ends[2] = back[0], ends[3] = there[1];
		start(bounce, ends);
		start(bounce, ends + 2);
		if (write(there[1], "x", 1) != 1)
			fail("write");
	}
	forever();
}

static double interval_s;

static void *tick(void *unused)
{
	(void)unused;
	prctl(PR_SET_TIMERSLACK, 1);
	for (;;)
		rest(interval_s);
	return NULL;
}

static void timers(char **argument)
{
	interval_s = number(argument[1]) / 1e6;
	for (long each = number(argument[0]); each > 1; each--)
		start(tick, NULL);
	tick(NULL);
}

/* Limits */

static void forks(char **argument)
{
	long most = number(argument[0]);
	atomic_long *count = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (count == MAP_FAILED)
		fail("mmap");
	atomic_store(count, 1);
	for (;;) {
		if (atomic_fetch_add(count, 1) >= most) {
			atomic_fetch_sub(count, 1);
			rest(1);
			continue;
		}
		/* The child goes on here too: that is the bomb. */
		if (child() < 0) {
			atomic_fetch_sub(count, 1);
			rest(0.2);
		}
	}
}

static void processes(char **argument)
{
	enum { MOST = 100000 };
	static pid_t all[MOST];
	long spare = number(argument[0]), count = 0;

	signal(SIGCHLD, SIG_IGN);
	while (count < MOST) {
		all[count] = child();
		if (!all[count])
			forever();
		if (all[count] < 0)
			break;
		count++;
	}
	fprintf(stderr, "%s: fork: %s, after %ld children\n", service, strerror(errno), count);
	while (spare-- && count)
		kill(all[--count], SIGKILL);
	forever();
}

static void zombies(char **argument)
{
	for (long each = number(argument[0]); each; each--) {
		pid_t pid = child();

		if (!pid)
			_exit(0);
		if (pid < 0)
			fail("fork");
	}
	forever();
}

static void descriptors(char **argument)
{
	long count = number(argument[0]);
	struct rlimit most = { count, count };

	if (setrlimit(RLIMIT_NOFILE, &most))
		fail("setrlimit");
	for (;;)
		if (open("/dev/null", O_RDONLY) < 0)
			rest(0.1);
}

static void files(char **argument)
{
	long count = number(argument[0]);
	struct rlimit most = { count + 16, count + 16 };

	/* Root may go beyond fs.file-max. */
	if (setrlimit(RLIMIT_NOFILE, &most) || setuid(65534))
		fail("setuid");
	for (long each = 0; each < count; each++)
		if (open("/proc/self/stat", O_RDONLY) < 0 && errno == ENFILE)
			rest(0.1);
	forever();
}

/* Storage */

static struct {
	const char *path;
	int file, writing;
	long bytes, places;
	atomic_long next;
} io;

static void *request(void *unused)
{
	uint64_t state = seed(atomic_fetch_add(&io.next, 1));
	char *buffer = aligned_alloc(PAGE, (io.bytes + PAGE - 1) / PAGE * PAGE);

	(void)unused;
	if (!buffer)
		fail("memory");
	memset(buffer, 0x5a, io.bytes);
	for (;;) {
		long at = chance(&state) % io.places * io.bytes;
		ssize_t done = io.writing ? pwrite(io.file, buffer, io.bytes, at) : pread(io.file, buffer, io.bytes, at);

		/* A device that fails is asked again, but not as fast as it fails. */
		if (done < 0)
			rest(0.05);
	}
	return NULL;
}

static void direct(char **argument)
{
	io.writing = !strcmp(argument[1], "write");
	io.bytes = number(argument[3]);
	io.places = number(argument[4]) * MB / (io.bytes ? io.bytes : 1);
	io.file = open(argument[0], (io.writing ? O_RDWR | O_CREAT : O_RDONLY) | O_DIRECT, 0600);
	if (io.file < 0)
		fail(argument[0]);
	if (!io.bytes || io.bytes % 512 || !io.places) {
		errno = EINVAL;
		fail("a whole number of sectors, and room for one request, was expected");
	}
	for (long each = number(argument[2]); each > 1; each--)
		start(request, NULL);
	request(NULL);
}

static void dirty(char **argument)
{
	static char buffer[64 << 10];
	long bytes = number(argument[1]) * MB;
	int file = open(argument[0], O_RDWR | O_CREAT, 0600);

	if (file < 0)
		fail(argument[0]);
	for (;;)
		for (long at = 0; at < bytes; at += sizeof(buffer))
			if (pwrite(file, buffer, sizeof(buffer), at) < 0)
				rest(0.05);
}

static void *record(void *unused)
{
	char name[256];
	long at = 0, mine = atomic_fetch_add(&io.next, 1);
	char *buffer = calloc(1, io.bytes);
	struct stat about;
	int file;

	(void)unused;
	if (!stat(io.path, &about) && S_ISBLK(about.st_mode))
		snprintf(name, sizeof(name), "%s", io.path);
	else
		snprintf(name, sizeof(name), "%s.%ld", io.path, mine);
	file = open(name, O_RDWR | O_CREAT, 0600);
	if (file < 0 || !buffer)
		fail(name);
	for (;; at = (at + io.bytes) % (256 << 10))
		if (pwrite(file, buffer, io.bytes, at) < 0 || fsync(file))
			rest(0.05);
	return NULL;
}

static void fsyncs(char **argument)
{
	io.path = argument[0];
	io.bytes = number(argument[2]);
	for (long each = number(argument[1]); each > 1; each--)
		start(record, NULL);
	record(NULL);
}

static void shut_down(char **argument)
{
	uint32_t log_kept = 1; /* XFS_FSOP_GOING_FLAGS_LOGFLUSH */

	if (ioctl(open(argument[0], O_RDONLY), _IOR('X', 125, uint32_t), &log_kept))
		fail(argument[0]);
	exit(0);
}

static int whole(int from, void *data, size_t size)
{
	for (char *at = data; size;) {
		ssize_t got = read(from, at, size);

		if (got <= 0)
			return 0;
		at += got;
		size -= got;
	}
	return 1;
}

static int tcp(void)
{
	int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);

	if (s < 0)
		fail("socket");
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return s;
}

static struct sockaddr_in place(const char *address, long port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1) {
		errno = EINVAL;
		fail(address);
	}
	return at;
}

static int listening(const char *port, int queue)
{
	struct sockaddr_in at = place("0.0.0.0", number(port));
	int s = tcp();

	if (bind(s, (struct sockaddr *)&at, sizeof(at)) || listen(s, queue))
		fail("listen");
	return s;
}

static int connected(const char *address, const char *port)
{
	struct sockaddr_in to = place(address, number(port));
	int s = tcp();

	if (connect(s, (struct sockaddr *)&to, sizeof(to))) {
		close(s);
		return -1;
	}
	return s;
}

/* The transmission phase of the NBD protocol; both sides are told the size, so nothing is negotiated. */
static void nbd_serve(char **argument)
{
	long bytes = number(argument[1]) * MB;
	char *disk = map(bytes);
	int s = listening(argument[0], 4);

	if (!disk)
		fail("mmap");
	for (;;) {
		int client = accept(s, NULL, NULL);
		struct nbd_request request;

		while (client >= 0 && whole(client, &request, sizeof(request))) {
			struct nbd_reply reply = { .magic = htonl(NBD_REPLY_MAGIC) };
			uint32_t what = ntohl(request.type) & 0xffff, size = ntohl(request.len);
			uint64_t from = be64toh(request.from);

			if (what == NBD_CMD_DISC)
				break;
			memcpy(reply.handle, request.handle, sizeof(reply.handle));
			if (what <= NBD_CMD_WRITE && (from > (uint64_t)bytes || size > bytes - from))
				break;
			if (what == NBD_CMD_WRITE && !whole(client, disk + from, size))
				break;
			if (write(client, &reply, sizeof(reply)) != sizeof(reply))
				break;
			for (size_t sent = 0; what == NBD_CMD_READ && sent < size;) {
				ssize_t part = write(client, disk + from + sent, size - sent);

				if (part <= 0)
					break;
				sent += part;
			}
		}
		close(client);
	}
}

static void nbd_attach(char **argument)
{
	int s = connected(argument[1], argument[2]), device = open(argument[0], O_RDWR), one = 1;

	if (s < 0)
		fail(argument[1]);
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (device < 0 || ioctl(device, NBD_SET_BLKSIZE, 4096UL) ||
	    ioctl(device, NBD_SET_SIZE_BLOCKS, number(argument[3]) * MB / 4096) ||
	    ioctl(device, NBD_SET_TIMEOUT, number(argument[4])) ||
	    ioctl(device, NBD_SET_FLAGS, NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH) || ioctl(device, NBD_SET_SOCK, s))
		fail(argument[0]);
	/* Returns when the connection is gone. */
	if (ioctl(device, NBD_DO_IT))
		fail(argument[0]);
	exit(0);
}

/* Network */

static void listen_only(char **argument)
{
	listening(argument[0], number(argument[1]));
	forever();
}

static void *discard(void *socket_)
{
	static char nothing[64 << 10];
	int s = (intptr_t)socket_;

	while (read(s, nothing, sizeof(nothing)) > 0)
		;
	close(s);
	return NULL;
}

static void serve(char **argument)
{
	int s = listening(argument[0], 1024);

	for (;;) {
		int client = accept(s, NULL, NULL);

		if (client >= 0)
			start(discard, (void *)(intptr_t)client);
		else
			rest(0.01);
	}
}

static void stream(char **argument)
{
	static char bytes[16 << 10];

	for (;;) {
		int s = connected(argument[0], argument[1]);

		while (s >= 0 && write(s, bytes, sizeof(bytes)) > 0)
			;
		close(s);
		rest(0.1);
	}
}

static void hold(char **argument)
{
	struct sockaddr_in to = place(argument[0], number(argument[1]));
	long most = number(argument[2]), open_now = 0;
	struct rlimit limit = { most + 16, most + 16 };

	setrlimit(RLIMIT_NOFILE, &limit);
	for (;;) {
		int s;

		if (open_now >= most)
			forever();
		s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (s < 0) {
			rest(0.1);
		} else if (connect(s, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS) {
			/* EADDRNOTAVAIL: no port left. The kernel has looked at all of them. */
			close(s);
			rest(0.5);
		} else {
			open_now++;
		}
	}
}

static void unread(char **argument)
{
	static char bytes[64 << 10];
	long count = number(argument[0]), most = number(argument[1]) * MB;
	struct sockaddr_in at = place("127.0.0.1", 0);
	socklen_t size = sizeof(at);
	int all = tcp();
	struct rlimit limit = { count * 2 + 16, count * 2 + 16 };

	setrlimit(RLIMIT_NOFILE, &limit);
	if (bind(all, (struct sockaddr *)&at, size) || listen(all, 128) ||
	    getsockname(all, (struct sockaddr *)&at, &size))
		fail("listen");
	/* A process of its own: if this one dies, its unsent data is to outlive it for a moment. */
	if (!child()) {
		while (accept(all, NULL, NULL) >= 0)
			;
		forever();
	}
	for (; count; count--) {
		int buffer = most > INT32_MAX ? INT32_MAX : most, quarter = buffer / 4, sender = tcp();

		/* Root may have buffers beyond wmem_max and rmem_max. Most is to stay with the sender. */
		setsockopt(sender, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
		setsockopt(all, SOL_SOCKET, SO_RCVBUFFORCE, &quarter, sizeof(quarter));
		if (connect(sender, (struct sockaddr *)&at, size))
			fail("connect");
		fcntl(sender, F_SETFL, O_NONBLOCK);
		for (long sent = 0; sent < most;) {
			ssize_t part = write(sender, bytes, sizeof(bytes));

			if (part <= 0)
				break;
			sent += part;
		}
	}
	forever();
}

static uint16_t checksum(const void *data, size_t size, uint32_t sum)
{
	const uint16_t *word = data;

	for (; size > 1; size -= 2)
		sum += *word++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void syn(char **argument)
{
	long port = number(argument[1]), count = number(argument[2]), per_s = number(argument[3]);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct sockaddr_in to = place(argument[0], port);
	double began = now();

	if (raw < 0)
		fail("socket");
	for (long i = 0; !count || i < count; i++) {
		struct { struct iphdr ip; struct tcphdr tcp; } packet = { 0 };
		struct { uint32_t from, to; uint8_t zero, protocol; uint16_t length; } pseudo = { 0 };
		uint32_t sum = 0;

		packet.ip.version = 4;
		packet.ip.ihl = 5;
		packet.ip.ttl = 64;
		packet.ip.protocol = IPPROTO_TCP;
		packet.ip.tot_len = htons(sizeof(packet));
		packet.ip.saddr = htonl(0xc6336401u + i % 250); /* 198.51.100.0/24, for documentation */
		packet.ip.daddr = to.sin_addr.s_addr;
		packet.tcp.source = htons(1024 + i % 60000);
		packet.tcp.dest = htons(port);
		packet.tcp.seq = htonl(random());
		packet.tcp.doff = 5;
		packet.tcp.syn = 1;
		packet.tcp.window = htons(64240);
		pseudo.from = packet.ip.saddr;
		pseudo.to = packet.ip.daddr;
		pseudo.protocol = IPPROTO_TCP;
		pseudo.length = htons(sizeof(packet.tcp));
		for (size_t j = 0; j < sizeof(pseudo) / 2; j++)
			sum += ((uint16_t *)&pseudo)[j];
		packet.tcp.check = checksum(&packet.tcp, sizeof(packet.tcp), sum);
		sendto(raw, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to));
		while (per_s && i > (now() - began) * per_s)
			rest(0.005);
	}
	exit(0);
}

static void sockets(char **argument)
{
	for (long count = number(argument[0]);; rest(1))
		for (long i = 0; i < count; i++) {
			int s = socket(AF_INET, SOCK_DGRAM, 0);
			struct sockaddr_in to = place("127.0.0.1", 1024 + i % 60000);

			/* Flows differ by the sender's port as well, which the kernel chooses. */
			sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
			close(s);
		}
}

static void scan(char **argument)
{
	struct sockaddr_in to = place(argument[0], 9);
	uint32_t first = ntohl(to.sin_addr.s_addr);
	int s = socket(AF_INET, SOCK_DGRAM, 0), buffer = 256 << 20;

	/* Packets that wait for a neighbour's address count against it. */
	setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	for (long count = number(argument[1]);; rest(1))
		for (long i = 0; i < count; i++) {
			to.sin_addr.s_addr = htonl(first + i);
			sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
		}
}

static void flood(char **argument)
{
	struct sockaddr_in to = place(argument[0], number(argument[1]));
	long size = number(argument[2]), per_s = number(argument[3]);
	static char bytes[65536];
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	double began = now();

	if (size > 65000)
		size = 65000;
	for (long sent = 0;; sent++) {
		sendto(s, bytes, size, 0, (struct sockaddr *)&to, sizeof(to));
		while (per_s && sent > (now() - began) * per_s)
			rest(0.002);
	}
}

static const struct {
	const char *name;
	void (*act)(char **argument);
	int arguments;
} acts[] = {
	{ "eat", eat, 1 },
	{ "leak", leak, 2 },
	{ "churn", churn, 1 },
	{ "reread", reread, 2 },
	{ "fragment", fragment, 1 },
	{ "poison", poison, 0 },
	{ "null", null, 0 },
	{ "wild", wild, 0 },
	{ "divide", divide, 0 },
	{ "illegal", illegal, 0 },
	{ "spin", spin, 1 },
	{ "bottleneck", bottleneck, 1 },
	{ "futex", futex, 2 },
	{ "switch", switches, 1 },
	{ "timers", timers, 2 },
	{ "fork", forks, 1 },
	{ "processes", processes, 1 },
	{ "zombies", zombies, 1 },
	{ "descriptors", descriptors, 1 },
	{ "files", files, 1 },
	{ "direct", direct, 5 },
	{ "dirty", dirty, 2 },
	{ "fsync", fsyncs, 3 },
	{ "shutdown", shut_down, 1 },
	{ "nbd-serve", nbd_serve, 2 },
	{ "nbd-attach", nbd_attach, 5 },
	{ "listen", listen_only, 2 },
	{ "serve", serve, 1 },
	{ "stream", stream, 2 },
	{ "hold", hold, 3 },
	{ "unread", unread, 2 },
	{ "syn", syn, 4 },
	{ "sockets", sockets, 1 },
	{ "scan", scan, 2 },
	{ "flood", flood, 4 },
};

int main(int argc, char **argv)
{
	service = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	signal(SIGPIPE, SIG_IGN);
	for (size_t each = 0; argc > 1 && each < sizeof(acts) / sizeof(acts[0]); each++)
		if (!strcmp(argv[1], acts[each].name)) {
			if (argc - 2 < acts[each].arguments) {
				fprintf(stderr, "%s %s: %d arguments expected\n", service, argv[1], acts[each].arguments);
				return 2;
			}
			acts[each].act(argv + 2);
			return 0;
		}
	fprintf(stderr, "%s: nothing of this kind is known here: %s\n", service, argc > 1 ? argv[1] : "");
	return 2;
}
