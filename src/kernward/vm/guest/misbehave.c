/*
 * misbehave: a program that does one thing wrong, named after the service it stands for.
 * Statically linked, so that a guest needs nothing else.
 *
 *   SERVICE eat MEGABYTES   touch that much memory and keep it (0: all there is)
 *   SERVICE null            write through a null pointer
 *   SERVICE wild            jump to a non-canonical address
 *   SERVICE divide          divide by zero
 *   SERVICE illegal         execute an undefined instruction
 *   SERVICE listen PORT     accept nothing on a port with a queue of one
 *   SERVICE syn ADDRESS PORT COUNT   send connection requests from invented addresses
 *   SERVICE sockets COUNT   open that many UDP flows to one's own host
 *   SERVICE shutdown PATH   take the file system at this path out of service
 *   SERVICE files COUNT     open that many files, as a user without privileges
 *   SERVICE poison          have the kernel declare a page of this process broken
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void eat(long megabytes)
{
	for (long done = 0; !megabytes || done < megabytes; done++) {
		char *part = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (part == MAP_FAILED)
			break;
		memset(part, 0x5a, 1 << 20);
	}
	pause();
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

static void syn(const char *address, int port, int count)
{
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, address, &to.sin_addr);
	for (int i = 0; i < count; i++) {
		struct { struct iphdr ip; struct tcphdr tcp; } packet = { 0 };
		struct { uint32_t from, to; uint8_t zero, protocol; uint16_t length; } pseudo;
		uint32_t sum = 0;

		packet.ip.version = 4;
		packet.ip.ihl = 5;
		packet.ip.ttl = 64;
		packet.ip.protocol = IPPROTO_TCP;
		packet.ip.tot_len = htons(sizeof(packet));
		packet.ip.saddr = htonl(0xc6336401u + i % 250); /* 198.51.100.0/24, for documentation */
		packet.ip.daddr = to.sin_addr.s_addr;
		packet.tcp.source = htons(1024 + i);
		packet.tcp.dest = htons(port);
		packet.tcp.seq = htonl(random());
		packet.tcp.doff = 5;
		packet.tcp.syn = 1;
		packet.tcp.window = htons(64240);
		pseudo.from = packet.ip.saddr;
		pseudo.to = packet.ip.daddr;
		pseudo.zero = 0;
		pseudo.protocol = IPPROTO_TCP;
		pseudo.length = htons(sizeof(packet.tcp));
		for (size_t j = 0; j < sizeof(pseudo) / 2; j++)
			sum += ((uint16_t *)&pseudo)[j];
		packet.tcp.check = checksum(&packet.tcp, sizeof(packet.tcp), sum);
		sendto(raw, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to));
	}
}

static void listen_only(int port)
{
	int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bind(s, (struct sockaddr *)&at, sizeof(at));
	listen(s, 1);
	pause();
}

static void sockets(int count)
{
	for (int i = 0; i < count; i++) {
		int s = socket(AF_INET, SOCK_DGRAM, 0);
		struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(10000 + i) };

		inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
		sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
		close(s);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	volatile int zero = 0;

	if (!strcmp(what, "eat"))
		eat(argc > 2 ? atol(argv[2]) : 0);
	else if (!strcmp(what, "null"))
		*(volatile int *)8 = 1;
	else if (!strcmp(what, "wild"))
		*(volatile int *)0xdead000000000100 = 1;
	else if (!strcmp(what, "divide"))
		return 1 / zero;
	else if (!strcmp(what, "illegal"))
		__builtin_trap();
	else if (!strcmp(what, "listen"))
		listen_only(atoi(argv[2]));
	else if (!strcmp(what, "syn"))
		syn(argv[2], atoi(argv[3]), atoi(argv[4]));
	else if (!strcmp(what, "sockets"))
		sockets(atoi(argv[2]));
	else if (!strcmp(what, "files")) {
		struct rlimit most = { 4096, 4096 };

		setrlimit(RLIMIT_NOFILE, &most);
		if (setuid(65534))
			return 1;
		for (int i = 0; i < atoi(argv[2]); i++)
			open("/proc/self/stat", O_RDONLY);
	} else if (!strcmp(what, "shutdown")) {
		uint32_t log_kept = 1; /* XFS_FSOP_GOING_FLAGS_LOGFLUSH */

		return ioctl(open(argv[2], O_RDONLY), _IOR('X', 125, uint32_t), &log_kept) != 0;
	} else if (!strcmp(what, "poison")) {
		char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(page, 1, 4096);
		madvise(page, 4096, MADV_HWPOISON);
		return page[0];
	} else
		return 2;
	return 0;
}
