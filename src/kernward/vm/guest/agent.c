/*
 * agent: runs commands in a guest for the machine that owns it, over one virtio-serial port.
 *
 * It is the guest's /init (process 1) when the root is an initramfs or an image without an init of its
 * own, and a service otherwise; then its only arguments say so. Nothing of a command ever touches the
 * console. Linked statically, so that a guest needs nothing else.
 *
 * The wire: frames of a header (type, job, size: 32 bits each, little endian) and at most 65,536 bytes.
 *   to the guest    RUN  options, folder, argv, environment     INPUT  standard input; empty: its end
 *                   KILL signal for the job's process group     SIZE   rows and columns of its terminal
 *                   WAKE entropy, time, delay                   PING   echoed as PONG
 *   from the guest  HELLO release and boot id    OUT, ERR  output      EXIT  status as wait(2) gives it
 *                   FAIL  a sentence: nothing was run                  TAKEN bytes of input written
 * At most WINDOW bytes of input may be on their way: the host waits for TAKEN, so that a command that
 * does not read never stops the others.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <net/if.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUN = 1, INPUT, KILL, SIZE, WAKE, PING };
enum { HELLO = 65, OUT, ERR, EXIT, FAIL, TAKEN, AWAKE, PONG };
enum { TERMINAL = 1, PUT = 2, GET = 4 };
#define PIECE 65536
#define WINDOW 262144
#define JOBS 64
#define PORT "kernward"
#define PORT_S 10

struct job {
	uint32_t id;
	pid_t pid;
	int in, out, err; /* -1: closed */
	int ended, status, told, in_closing;
	char *input; /* what is still to be written */
	size_t held;
};

static struct job jobs[JOBS];
static int port = -1;
static char frame[PIECE], piece[PIECE];

static void complain(const char *what)
{
	int error = errno, console = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	char line[400];

	if (console >= 0) {
		/* Not dprintf(): it seeks first, which /dev/kmsg refuses. */
		snprintf(line, sizeof(line), "<4>kernward agent: %s: %s\n", what, strerror(error));
		(void)!write(console, line, strlen(line));
		close(console);
	}
}

static int all(int fd, const void *data, size_t size)
{
	for (const char *at = data; size;) {
		ssize_t done = write(fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		at += done;
		size -= done;
	}
	return 0;
}

static int fill(int fd, void *data, size_t size)
{
	for (char *at = data; size;) {
		ssize_t done = read(fd, at, size);

		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (done == 0) { /* the host has gone away, or is not there yet */
			usleep(1000);
			continue;
		}
		if (done < 0)
			return -1;
		at += done;
		size -= done;
	}
	return 0;
}

static void say(uint32_t type, uint32_t id, const void *data, uint32_t size)
{
	/* One write, so that a small answer costs one round through the host. */
	static char out[12 + PIECE];
	uint32_t head[3] = { type, id, size };

	memcpy(out, head, sizeof(head));
	if (size)
		memcpy(out + sizeof(head), data, size);
	if (all(port, out, sizeof(head) + size))
		complain("cannot answer");
}

static void fail(uint32_t id, const char *what, int error)
{
	char text[400];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
	say(FAIL, id, text, strlen(text));
}

/* ---- commands ---- */

static struct job *job_of(uint32_t id)
{
	for (int i = 0; i < JOBS; i++)
		if (jobs[i].id == id && id)
			return &jobs[i];
	return NULL;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void forget(struct job *job)
{
	shut(&job->in);
	shut(&job->out);
	shut(&job->err);
	free(job->input);
	memset(job, 0, sizeof(*job));
	job->in = job->out = job->err = -1;
}

static int copy(int from, int to)
{
	ssize_t got;

	while ((got = read(from, piece, sizeof(piece))) > 0)
		if (all(to, piece, got))
			return errno;
	return got < 0 ? errno : 0;
}

/* Writes standard input to a file, by a new name, and renames it; returns errno. */
static int put(const char *path, const char *mode)
{
	char new[4200];
	int fd, error;

	snprintf(new, sizeof(new), "%s.kernward-new", path);
	for (char *slash = new + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = 0;
		mkdir(new, 0755);
	}
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return errno;
	error = copy(0, fd);
	if (!error && fchmod(fd, strtol(mode, NULL, 8)))
		error = errno;
	if (close(fd) && !error)
		error = errno;
	if (!error && rename(new, path))
		error = errno;
	if (error)
		unlink(new);
	return error;
}

static int get(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 ? errno : copy(fd, 1);
}

static void child(uint32_t options, const char *folder, char **argv, char **environment, int report)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (options & TERMINAL)
		ioctl(0, TIOCSCTTY, 0);
	if (getppid() != 1) { /* the agent of a service is spared by the OOM killer, its commands are not */
		int score = open("/proc/self/oom_score_adj", O_WRONLY);

		if (score >= 0) {
			(void)!write(score, "0", 1);
			close(score);
		}
	}
	if (options & (PUT | GET)) {
		int error;

		close(report); /* the agent waits until it is closed */
		error = options & PUT ? put(argv[0], argv[1]) : get(argv[0]);

		if (error)
			dprintf(2, "%s", strerror(error));
		_exit(error != 0);
	}
	environ = environment;
	if (chdir(folder) == 0)
		execvpe(argv[0], argv, environment);
	int error = errno;
	(void)!write(report, &error, sizeof(error));
	_exit(127);
}

static void begin(uint32_t id, char *data, uint32_t size)
{
	/* options, rows and columns, number of arguments, of variables; then the strings. */
	uint32_t head[4];
	char *text[4096], *folder, *end = data + size;
	uint32_t count = 0;
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 }, report[2], error = 0;
	struct job *job = NULL;

	if (size < sizeof(head) || end[-1]) {
		fail(id, "the request to run a command", EINVAL);
		return;
	}
	memcpy(head, data, sizeof(head));
	folder = data + sizeof(head);
	for (char *at = folder + strlen(folder) + 1; at < end && count < 4093; at += strlen(at) + 1)
		text[count++] = at;
	if (!head[2] || head[2] > count || head[2] + head[3] != count) {
		fail(id, "the request to run a command", E2BIG);
		return;
	}
	/* argv and environment, each ended by a null pointer */
	char *argv[4096], *environment[4096];
	memcpy(argv, text, head[2] * sizeof(*argv));
	argv[head[2]] = NULL;
	memcpy(environment, text + head[2], head[3] * sizeof(*argv));
	environment[head[3]] = NULL;

	for (int i = 0; i < JOBS && !job; i++)
		if (!jobs[i].id)
			job = &jobs[i];
	if (!job || job_of(id)) {
		fail(id, "too many commands at once", EAGAIN);
		return;
	}
	if (head[0] & TERMINAL) {
		struct winsize shape = { .ws_row = head[1] >> 16, .ws_col = head[1] & 0xffff };

		if (openpty(&in[1], &in[0], NULL, NULL, &shape)) {
			fail(id, "no terminal", errno);
			return;
		}
		out[0] = dup(in[1]);
	} else if (pipe2(in, 0) || pipe2(out, 0) || pipe2(err, 0)) {
		error = errno;
	}
	if (error || pipe2(report, O_CLOEXEC)) {
		fail(id, "no pipe", error ? error : errno);
		for (int i = 0; i < 2; i++) {
			shut(&in[i]);
			shut(&out[i]);
			shut(&err[i]);
		}
		return;
	}
	pid_t pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(head[0] & TERMINAL ? in[0] : out[1], 1);
		dup2(head[0] & TERMINAL ? in[0] : err[1], 2);
		dup2(report[1], 3);
		fcntl(3, F_SETFD, FD_CLOEXEC);
		syscall(SYS_close_range, 4u, ~0u, 0);
		child(head[0], folder, argv, environment, 3);
	}
	error = errno;
	shut(&in[0]);
	shut(&out[1]);
	shut(&err[1]);
	close(report[1]);
	if (pid > 0 && read(report[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(report[0]);
	if (pid < 0 || error) {
		shut(&in[1]);
		shut(&out[0]);
		shut(&err[0]);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		fail(id, pid < 0 ? "fork" : argv[0], error);
		return;
	}
	*job = (struct job){ .id = id, .pid = pid, .in = in[1], .out = out[0], .err = err[0] };
	fcntl(job->in, F_SETFL, O_NONBLOCK);
	fcntl(job->out, F_SETFL, O_NONBLOCK);
	if (job->err >= 0)
		fcntl(job->err, F_SETFL, O_NONBLOCK);
}

/* Hands on what there is; 1 when there may be more, 0 when there is none now; closes at the end. */
static int drain(struct job *job, int *fd, uint32_t type)
{
	ssize_t got = *fd < 0 ? 0 : read(*fd, piece, sizeof(piece));

	if (got > 0) {
		if (!job->told) /* else it is of a process that the command left behind */
			say(type, job->id, piece, got);
		return 1;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	shut(fd); /* the end; a terminal says EIO */
	return 0;
}

static void feed(struct job *job)
{
	uint32_t taken = 0;

	while (job->held && job->in >= 0) {
		ssize_t done = write(job->in, job->input, job->held);

		if (done < 0 && errno == EAGAIN)
			break;
		if (done < 0) { /* nobody reads any more: what is left is taken, as into a closed pipe */
			taken += job->held;
			job->held = 0;
			shut(&job->in);
			break;
		}
		taken += done;
		job->held -= done;
		memmove(job->input, job->input + done, job->held);
	}
	if (!job->held && job->in_closing)
		shut(&job->in);
	if (taken)
		say(TAKEN, job->id, &taken, sizeof(taken));
}

static void input(uint32_t id, const char *data, uint32_t size)
{
	struct job *job = job_of(id);

	if (!job || job->in < 0) {
		if (size)
			say(TAKEN, id, &size, sizeof(size));
		return;
	}
	if (!size)
		job->in_closing = 1;
	if (!job->input)
		job->input = malloc(WINDOW + PIECE);
	if (size && job->input && job->held + size <= WINDOW + PIECE) {
		memcpy(job->input + job->held, data, size);
		job->held += size;
	}
	feed(job);
}

static void bury(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < JOBS; i++)
			if (jobs[i].id && jobs[i].pid == pid) {
				jobs[i].ended = 1;
				jobs[i].status = status;
			}
}

static void finish(struct job *job)
{
	if (!job->told) {
		/* All that it wrote before it ended is in the pipes. */
		while (drain(job, &job->out, OUT))
			;
		while (drain(job, &job->err, ERR))
			;
		uint32_t status = job->status;
		say(EXIT, job->id, &status, sizeof(status));
		job->told = 1;
		shut(&job->in);
	}
	if (job->out < 0 && job->err < 0)
		forget(job);
}

/* A machine that was restored is one of many with the same memory: what must differ, differs from here. */
static void wake(uint32_t id, const char *data, uint32_t size)
{
	struct { struct rand_pool_info info; char bytes[32]; } pool = { { 256, 32 }, { 0 } };
	int64_t clock_ns;
	uint32_t delay_us;
	int random;

	if (size != 32 + 8 + 4)
		return;
	memcpy(pool.bytes, data, 32);
	memcpy(&clock_ns, data + 32, 8);
	memcpy(&delay_us, data + 40, 4);
	random = open("/dev/random", O_RDWR | O_CLOEXEC);
	if (random < 0 || ioctl(random, RNDADDENTROPY, &pool) || ioctl(random, RNDRESEEDCRNG))
		complain("no fresh entropy");
	if (random >= 0)
		close(random);
	if (clock_ns) {
		struct timespec now = { clock_ns / 1000000000, clock_ns % 1000000000 };

		if (clock_settime(CLOCK_REALTIME, &now))
			complain("clock not set");
	}
	usleep(delay_us);
	say(AWAKE, id, NULL, 0);
}

static void obey(void)
{
	uint32_t head[3];
	struct job *job;
	int number;

	if (fill(port, head, sizeof(head)) || head[2] > PIECE || fill(port, frame, head[2])) {
		complain("the channel is broken");
		sleep(1);
		return;
	}
	switch (head[0]) {
	case RUN:
		begin(head[1], frame, head[2]);
		break;
	case INPUT:
		input(head[1], frame, head[2]);
		break;
	case KILL:
		job = job_of(head[1]);
		memcpy(&number, frame, sizeof(number));
		if (job && !job->ended && head[2] == sizeof(number))
			kill(-job->pid, number);
		break;
	case SIZE:
		job = job_of(head[1]);
		if (job && head[2] == 4) {
			uint16_t shape[2];

			memcpy(shape, frame, 4);
			ioctl(job->out, TIOCSWINSZ, &(struct winsize){ shape[0], shape[1], 0, 0 });
		}
		break;
	case WAKE:
		wake(head[1], frame, head[2]);
		break;
	case PING:
		say(PONG, head[1], frame, head[2]);
	}
}

/* ---- the machine ---- */

static int open_port(void)
{
	/* There is a moment between the driver and its ports. */
	for (time_t until = time(NULL) + PORT_S; time(NULL) <= until;) {
		DIR *ports = opendir("/sys/class/virtio-ports");
		struct dirent *entry;

		while (ports && (entry = readdir(ports))) {
			char path[400], name[64] = "";
			int fd, got;

			snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			got = read(fd, name, sizeof(name) - 1);
			close(fd);
			if (got <= 0 || strcmp(strtok(name, "\n"), PORT))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
			if (fd >= 0) {
				closedir(ports);
				return fd;
			}
		}
		if (ports)
			closedir(ports);
		usleep(2000);
	}
	return -1;
}

static void make(const char *path, const char *type, const char *options)
{
	mkdir(path, 0755);
	if (mount(type, path, type, 0, options) && errno != EBUSY && errno != ENODEV && errno != ENOENT)
		complain(path);
}

static char *word(char *line, const char *name, char *value, size_t size)
{
	for (char *at = line; (at = strstr(at, name)); at++)
		if (at == line || at[-1] == ' ') {
			snprintf(value, size, "%.*s", (int)strcspn(at + strlen(name), " \n"), at + strlen(name));
			return value;
		}
	return NULL;
}

static void load_modules(void)
{
	char line[1024];
	FILE *list = fopen("/etc/kernward/modules", "re");

	while (list && fgets(line, sizeof(line), list)) {
		char *parameters, *name = strtok(line, "\n");
		int fd;

		if (!name)
			continue;
		parameters = strchr(name, ' ');
		if (parameters)
			*parameters++ = 0;
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, parameters ? parameters : "", 0) && errno != EEXIST))
			complain(name);
		if (fd >= 0)
			close(fd);
	}
	if (list)
		fclose(list);
}

static void cgroups(int version)
{
	static const char *const controllers[] = { "cpu,cpuacct", "memory", "blkio", "pids", "cpuset",
						   "devices", "freezer", "net_cls,net_prio", "perf_event",
						   "hugetlb", NULL };
	char path[100];

	if (version == 2) {
		make("/sys/fs/cgroup", "cgroup2", NULL);
		return;
	}
	make("/sys/fs/cgroup", "tmpfs", "mode=755");
	for (int i = 0; controllers[i]; i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", controllers[i]);
		make(path, "cgroup", controllers[i]);
	}
	make("/sys/fs/cgroup/unified", "cgroup2", NULL);
}

static void shares(void)
{
	char line[512], *tag, *where;
	FILE *list = fopen("/etc/kernward/shares", "re");

	while (list && fgets(line, sizeof(line), list)) {
		tag = strtok(line, " \n");
		where = strtok(NULL, "\n");
		if (!tag || !where)
			continue;
		for (char *slash = where + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
			*slash = 0;
			mkdir(where, 0755);
		}
		mkdir(where, 0755);
		if (mount(tag, where, "9p", MS_RDONLY, "trans=virtio,version=9p2000.L,msize=262144") &&
		    mount(tag, where, "virtiofs", MS_RDONLY, NULL))
			complain(where);
	}
	if (list)
		fclose(list);
}

/* Moves into the image on this device, with what is mounted so far. */
static void change_root(const char *device)
{
	static const char *const kept[] = { "proc", "sys", "dev", "run", NULL };
	static const char *const types[] = { "ext4", "xfs", "btrfs", "squashfs", NULL };
	char path[64];
	int i;

	mkdir("/newroot", 0755);
	for (int try = 0; try < 2500 && access(device, F_OK); try++)
		usleep(2000);
	for (i = 0; types[i] && mount(device, "/newroot", types[i], 0, NULL); i++)
		;
	if (!types[i]) {
		complain(device);
		return;
	}
	for (i = 0; kept[i]; i++) {
		snprintf(path, sizeof(path), "/newroot/%s", kept[i]);
		mkdir(path, 0755);
		if (mount(path + 8, path, NULL, MS_MOVE, NULL))
			complain(path);
	}
	if (chdir("/newroot") || mount("/newroot", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		complain("/newroot");
}

static void loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(s, SIOCSIFFLAGS, &request))
		complain("lo");
	close(s);
}

static void set_up(void)
{
	char line[4096] = "", value[256];
	int fd;

	make("/proc", "proc", NULL);
	make("/sys", "sysfs", NULL);
	make("/dev", "devtmpfs", NULL);
	(void)!symlink("/proc/self/fd", "/dev/fd");
	(void)!symlink("fd/0", "/dev/stdin");
	(void)!symlink("fd/1", "/dev/stdout");
	(void)!symlink("fd/2", "/dev/stderr");
	make("/dev/pts", "devpts", "gid=5,mode=620,ptmxmode=666");
	make("/dev/shm", "tmpfs", NULL);
	make("/run", "tmpfs", "mode=755");
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	load_modules();
	cgroups(word(line, "kernward.cgroup=", value, sizeof(value)) ? atoi(value) : 2);
	make("/sys/kernel/debug", "debugfs", NULL);
	make("/sys/kernel/tracing", "tracefs", NULL);
	loopback();
	if (sethostname("guest", 5))
		complain("hostname");
	if (word(line, "kernward.root=", value, sizeof(value)))
		change_root(value);
	make("/tmp", "tmpfs", NULL);
	shares();
}

int main(int argc, char **argv)
{
	struct sched_param first = { .sched_priority = 2 };
	struct utsname kernel;
	sigset_t signals;
	char hello[512], boot[64] = "";
	int events, fd;

	(void)argv;
	if (argc < 2 && getpid() == 1)
		set_up();
	for (int i = 0; i < JOBS; i++)
		jobs[i].in = jobs[i].out = jobs[i].err = -1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	events = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	/* A guest that thrashes or is overloaded is what the bed is for: its agent must still answer. */
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	if (getpid() != 1) {
		fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
		if (fd >= 0) {
			(void)!write(fd, "-1000", 5);
			close(fd);
		}
	}
	port = open_port();
	if (port < 0) {
		complain("no virtio-serial port named " PORT);
		if (getpid() != 1)
			return 1;
		for (;;) /* process 1 must not end: that would be a panic that hides this */
			pause();
	}
	uname(&kernel);
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!read(fd, boot, 36);
		close(fd);
	}
	snprintf(hello, sizeof(hello), "%s\n%s\n%s", kernel.release, kernel.version, boot);
	say(HELLO, 0, hello, strlen(hello));

	for (;;) {
		struct pollfd fds[2 + 3 * JOBS];
		struct { struct job *job; int *fd; uint32_t type; } of[2 + 3 * JOBS];
		struct signalfd_siginfo died;
		int count = 2;

		fds[0] = (struct pollfd){ .fd = port, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = events, .events = POLLIN };
		for (int i = 0; i < JOBS; i++) {
			struct job *job = &jobs[i];
			int *each[] = { &job->out, &job->err };

			if (!job->id)
				continue;
			for (int j = 0; j < 2; j++)
				if (*each[j] >= 0) {
					of[count].job = job;
					of[count].fd = each[j];
					of[count].type = OUT + j;
					fds[count++] = (struct pollfd){ .fd = *each[j], .events = POLLIN };
				}
			if (job->in >= 0 && job->held) {
				of[count].job = job;
				of[count].type = INPUT;
				fds[count++] = (struct pollfd){ .fd = job->in, .events = POLLOUT };
			}
		}
		if (poll(fds, count, -1) < 0)
			continue;
		for (int i = 2; i < count; i++) {
			if (!fds[i].revents || !of[i].job->id)
				continue;
			if (of[i].type == INPUT)
				feed(of[i].job);
			else
				drain(of[i].job, of[i].fd, of[i].type);
		}
		if (fds[1].revents)
			while (read(events, &died, sizeof(died)) > 0)
				;
		bury();
		for (int i = 0; i < JOBS; i++)
			if (jobs[i].id && jobs[i].ended)
				finish(&jobs[i]);
		if (fds[0].revents & POLLIN)
			obey();
		else if (fds[0].revents & POLLHUP)
			usleep(1000); /* nobody is at the other end at the moment */
	}
}
