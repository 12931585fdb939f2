#include "process_figures.hpp"

#include <sched.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace bench {

namespace {
std::int64_t ns_of(clockid_t clock) {
    timespec at{};
    clock_gettime(clock, &at);
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}
}  // namespace

double cpu_seconds(int pid) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
    const std::string all{std::istreambuf_iterator<char>{in}, {}};
    if (all.empty()) return 0;
    std::istringstream fields{all.substr(all.rfind(')') + 2)};
    std::string word;
    for (int i = 3; i < 14; ++i) fields >> word;
    long user = 0, system = 0;
    fields >> user >> system;
    return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::int64_t resident_bytes(int pid) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/statm"};
    std::int64_t total = 0, resident = 0;
    in >> total >> resident;
    return resident * sysconf(_SC_PAGESIZE);
}

double thread_cpu_seconds() { return static_cast<double>(ns_of(CLOCK_THREAD_CPUTIME_ID)) / 1e9; }

std::int64_t wall_ns() { return ns_of(CLOCK_REALTIME); }

bool pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace bench
