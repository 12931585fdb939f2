// media_load: publishers and viewers for any server, as real DTLS-SRTP peers on loopback.
//
//   media_load --publish http://127.0.0.1:8080/whip/live{n} --play http://127.0.0.1:8080/whep/live{n} [--bearer TOKEN]
//              --pid 1234 --viewers 200 [--streams 1] [--kbps 2500] [--seconds 10] [--late 20] [--joiners 4] [--core 1]
//   media_load --janus http://127.0.0.1:8088/janus --local 10.99.0.1 --pid 1234 …
//   media_load … --quiet-joins     nothing is published before all have joined: what a handshake costs
//
// One object of JSON: viewers, connected, failed, joinsPerSecond, joinsPerCpuSecond, packets, seconds, lost,
// cpuSeconds, perCpuSecond, cpuShare, viewersPerCore, bytesPerViewer, latencyP50Ms, latencyP99Ms, latencyMaxMs,
// joinP50Ms and joinP99Ms (first packet after the offer, all at once), lateP50Ms and lateMaxMs (one after the other,
// under load), loadCpuShare. CPU and memory are those of the server's process (--pid). Latency is from the publisher's
// call to the kernel's time stamp at the viewer.
#include <sys/resource.h>
#include <unistd.h>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "process_figures.hpp"
#include "publisher.hpp"
#include "viewers.hpp"

namespace {

using namespace confidente;
using namespace bench;

struct Options {
    SignallingConfig signalling;
    int pid = 0, viewers = 200, streams = 1, seconds = 10, late = 0, joiners = 4, core = -1, settle = 3, kbps = 2500;
    PublisherConfig publisher;
    bool quiet_joins = false;
};

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "media_load: %s\n", why.c_str());
    std::exit(1);
}

Options parse(int count, char** values) {
    Options options;
    auto& signalling = options.signalling;
    const std::map<std::string, std::string*> texts = {{"--publish", &signalling.publish_url},
                                                       {"--play", &signalling.play_url},
                                                       {"--bearer", &signalling.bearer},
                                                       {"--janus", &signalling.janus_url},
                                                       {"--local", &signalling.local_ip}};
    const std::map<std::string, int*> numbers = {
        {"--pid", &options.pid},         {"--viewers", &options.viewers},
        {"--streams", &options.streams}, {"--seconds", &options.seconds},
        {"--settle", &options.settle},   {"--late", &options.late},
        {"--joiners", &options.joiners}, {"--core", &options.core},
        {"--kbps", &options.kbps},       {"--burst", &options.publisher.burst_packets}};
    for (int i = 1; i < count; ++i) {
        const std::string name = values[i];
        if (name == "--quiet-joins") {
            options.quiet_joins = true;
            continue;
        }
        if (i + 1 == count) die(name + " needs a value");
        const std::string value = values[++i];
        if (const auto text = texts.find(name); text != texts.end())
            *text->second = value;
        else if (const auto number = numbers.find(name); number != numbers.end())
            *number->second = std::atoi(value.c_str());
        else
            die("there is no " + name);
    }
    options.publisher.bits_per_second = static_cast<std::uint64_t>(options.kbps) * 1000;
    if (options.signalling.janus_url.empty() &&
        (!Url::parse(options.signalling.publish_url) || !Url::parse(options.signalling.play_url)))
        die("it needs --publish and --play, or --janus");
    return options;
}

std::unique_ptr<Publishers> start_publishers(const Options& options, Identity identity) {
    const auto signalling = make_signalling(options.signalling, identity);
    std::vector<std::unique_ptr<Publisher>> all;
    for (int stream = 0; stream < options.streams; ++stream) {
        auto socket = media::UdpSocket::open(options.signalling.local_ip, 0);
        if (!socket) die(socket.error().detail);
        auto joined = signalling->publish(stream, socket->local());
        if (!joined) die(joined.error().detail);
        all.push_back(std::make_unique<Publisher>(options.publisher, std::move(*socket), std::move(*joined), identity));
    }
    return std::make_unique<Publishers>(std::move(all), identity.clock);
}

void raise_limit_of_files() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int count, char** values) {
    const auto options = parse(count, values);
    signal(SIGPIPE, SIG_IGN);
    raise_limit_of_files();
    if (options.core >= 0 && !pin(options.core)) die("there is no such core");
    SystemClock clock;
    SystemRandom random;
    const auto certificate = media::Certificate::make();
    if (!certificate) die(certificate.error().detail);
    const Identity identity{**certificate, random, clock};

    const auto publishers = start_publishers(options, identity);
    Viewers viewers(options.signalling, identity);
    for (int i = 0; i < 500 && publishers->connected() < static_cast<std::size_t>(options.streams); ++i)
        viewers.run_for(20ms);
    if (publishers->connected() < static_cast<std::size_t>(options.streams)) die("the publishers do not get connected");
    if (!options.quiet_joins) publishers->start_sending();
    viewers.run_for(1s);

    const auto resident_before = resident_bytes(options.pid);
    auto cpu = cpu_seconds(options.pid);
    auto from = clock.now();
    viewers.join(options.viewers, options.streams, options.joiners);
    viewers.run_until_joined(60s);
    const auto joining = std::chrono::duration<double>(clock.now() - from).count();
    const auto joining_cpu = cpu_seconds(options.pid) - cpu;
    publishers->start_sending();
    viewers.run_for(Duration{std::chrono::seconds{options.settle}});

    viewers.seen() = {};
    cpu = cpu_seconds(options.pid);
    const auto own_cpu = cpu_seconds(static_cast<int>(::getpid()));
    from = clock.now();
    viewers.run_for(Duration{std::chrono::seconds{options.seconds}});
    const auto seconds = std::chrono::duration<double>(clock.now() - from).count();
    const auto used = cpu_seconds(options.pid) - cpu;
    const auto own_used = cpu_seconds(static_cast<int>(::getpid())) - own_cpu;
    const auto seen = std::make_unique<Seen>(viewers.seen());
    const auto resident = resident_bytes(options.pid);
    const auto joins = std::make_unique<Histogram>(viewers.first_packets(0));

    const auto first_late = viewers.size();
    for (int i = 0; i < options.late; ++i) {
        viewers.join(1, 1, 1);
        viewers.run_until_joined(5s);
        viewers.run_for(1s);
    }
    const auto late = std::make_unique<Histogram>(viewers.first_packets(first_late));
    viewers.close_all();

    const auto connected = static_cast<double>(viewers.connected());
    const auto packets = static_cast<double>(seen->packets);
    const boost::json::object told{
        {"viewers", options.viewers},
        {"connected", viewers.connected()},
        {"failed", viewers.failed()},
        {"failure", viewers.first_failure()},
        {"joinsPerSecond", connected / joining},
        {"joinsPerCpuSecond", joining_cpu > 0 ? connected / joining_cpu : 0},
        {"packets", seen->packets},
        {"unopened", seen->unopened},
        {"seconds", seconds},
        {"lost", seen->lost},
        {"mbitPerSecond", static_cast<double>(seen->bytes) * 8 / seconds / 1e6},
        {"cpuSeconds", used},
        {"perCpuSecond", used > 0 ? packets / used : 0},
        {"cpuShare", used / seconds},
        {"viewersPerCore", used > 0 ? connected * seconds / used : 0},
        {"bytesPerViewer", static_cast<double>(resident - resident_before) / std::max(1.0, connected)},
        {"latencyP50Ms", seen->latency.ms_at(0.5)},
        {"latencyP99Ms", seen->latency.ms_at(0.99)},
        {"latencyMaxMs", seen->latency.ms_at(1)},
        {"joinP50Ms", joins->ms_at(0.5)},
        {"joinP99Ms", joins->ms_at(0.99)},
        {"lateP50Ms", late->ms_at(0.5)},
        {"lateMaxMs", late->ms_at(1)},
        {"published", publishers->packets()},
        {"keyframesAsked", publishers->keyframes_asked()},
        {"loadCpuShare", own_used / seconds}};
    std::printf("%s\n", boost::json::serialize(told).c_str());
    return 0;
}
