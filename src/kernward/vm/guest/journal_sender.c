/*
 * journal_sender: sends the kernel's log as the journal keeps it, one JSON object a UDP datagram.
 *
 *   journal_sender ADDRESS PORT HOSTNAME BOOT_ID MACHINE_ID
 *
 * It reads /dev/kmsg from its beginning, as journald does, and names the fields as
 * systemd.journal-fields(7) does; it stands for a journal that is forwarded (systemd-netlogd, vector, …).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char out[65000];
static size_t used;

static void put(const char *data, size_t size)
{
	if (used + size < sizeof(out)) {
		memcpy(out + used, data, size);
		used += size;
	}
}

/* Text of /dev/kmsg, whose odd bytes are \xNN, as JSON text: those bytes as \u00NN. */
static void put_text(const char *text, size_t size)
{
	char number[8];

	for (size_t at = 0; at < size; at++) {
		unsigned char c = text[at];

		if (c == '\\' && at + 3 < size && text[at + 1] == 'x') {
			snprintf(number, sizeof(number), "\\u00%.2s", text + at + 2);
			put(number, 6);
			at += 3;
		} else if (c == '"' || c == '\\') {
			put("\\", 1);
			put(text + at, 1);
		} else if (c < 0x20 || c > 0x7e) {
			snprintf(number, sizeof(number), "\\u%04x", c);
			put(number, 6);
		} else {
			put(text + at, 1);
		}
	}
}

static void field(const char *name, const char *value, size_t size)
{
	put(used ? ",\"" : "{\"", 2);
	put(name, strlen(name));
	put("\":\"", 3);
	put_text(value, size);
	put("\"", 1);
}

static void number(const char *name, long long value)
{
	char text[32];

	field(name, text, snprintf(text, sizeof(text), "%lld", value));
}

static long long now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	static char record[8192 + 1];
	struct sockaddr_in to = { .sin_family = AF_INET };
	int in, s;

	if (argc != 6)
		return 2;
	in = open("/dev/kmsg", O_RDONLY);
	s = socket(AF_INET, SOCK_DGRAM, 0);
	to.sin_port = htons(atoi(argv[2]));
	if (in < 0 || s < 0 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 1;
	for (;;) {
		ssize_t size = read(in, record, sizeof(record) - 1);
		unsigned priority;
		unsigned long long sequence, stamp_us;
		char *text, *line;

		if (size < 0 && (errno == EPIPE || errno == EINTR)) /* EPIPE: the oldest were overwritten */
			continue;
		if (size <= 0)
			return 1;
		record[size] = 0;
		/* "6,339,5140900,-;the text\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:00.0\n" */
		text = strchr(record, ';');
		if (!text || sscanf(record, "%u,%llu,%llu", &priority, &sequence, &stamp_us) != 3)
			continue;
		line = strchr(++text, '\n');
		used = 0;
		/* What is read late, at the start, was still printed at its own time. */
		number("__REALTIME_TIMESTAMP", now_us(CLOCK_REALTIME) - now_us(CLOCK_MONOTONIC) + (long long)stamp_us);
		number("__MONOTONIC_TIMESTAMP", stamp_us);
		field("_BOOT_ID", argv[4], strlen(argv[4]));
		field("_MACHINE_ID", argv[5], strlen(argv[5]));
		field("_HOSTNAME", argv[3], strlen(argv[3]));
		if (priority >> 3) {
			field("_TRANSPORT", "syslog", 6);
		} else {
			field("_TRANSPORT", "kernel", 6);
			field("SYSLOG_IDENTIFIER", "kernel", 6);
		}
		number("PRIORITY", priority & 7);
		number("SYSLOG_FACILITY", priority >> 3);
		number("_SOURCE_MONOTONIC_TIMESTAMP", stamp_us);
		while (line && line[1] == ' ') {
			char *name = line + 2, *value = strchr(name, '='), *end = strchr(name, '\n');

			if (!value || !end || value > end)
				break;
			*value++ = 0;
			if (!strcmp(name, "SUBSYSTEM"))
				field("_KERNEL_SUBSYSTEM", value, end - value);
			else if (!strcmp(name, "DEVICE"))
				field("_KERNEL_DEVICE", value, end - value);
			line = end;
		}
		field("MESSAGE", text, strcspn(text, "\n"));
		put("}\n", 2);
		for (int try = 0; try < 100 && sendto(s, out, used, 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
				  (errno == EAGAIN || errno == ENOBUFS || errno == ENETUNREACH); try++)
			usleep(10000);
	}
}
