#include "run.h"

#include "sys.h"

namespace bpf {

namespace {

/** Room for what a program puts in front of or behind a packet. */
constexpr size_t HEADROOM = 512;

Outcome runOne(const RunRequest &request, size_t index, RunResult &result) {
  const Bytes &packet = request.packets[index];
  __sk_buff context{};
  context.mark = request.mark;
  context.ingress_ifindex = request.ingressIfindex;
  if (!request.ifindexes.empty()) context.ifindex = request.ifindexes[index];
  __sk_buff contextOut{};
  Bytes output(packet.size() + HEADROOM);
  Attributes a{};
  a.attr.test.prog_fd = static_cast<__u32>(request.fd);
  a.attr.test.data_in = reinterpret_cast<__u64>(packet.data());
  a.attr.test.data_size_in = static_cast<__u32>(packet.size());
  a.attr.test.data_out = reinterpret_cast<__u64>(output.data());
  a.attr.test.data_size_out = static_cast<__u32>(output.size());
  a.attr.test.ctx_in = reinterpret_cast<__u64>(&context);
  a.attr.test.ctx_size_in = sizeof(context);
  a.attr.test.ctx_out = reinterpret_cast<__u64>(&contextOut);
  a.attr.test.ctx_size_out = sizeof(contextOut);
  a.attr.test.repeat = request.repeat;
  if (sys(BPF_PROG_TEST_RUN, a) < 0) return Outcome::failed("BPF_PROG_TEST_RUN");
  result.retvals.push_back(static_cast<int32_t>(a.attr.test.retval));
  result.durations.push_back(a.attr.test.duration);
  output.resize(a.attr.test.data_size_out);
  result.data = std::move(output);
  result.mark = contextOut.mark;
  return {};
}

} // namespace

RunResult testRun(const RunRequest &request) {
  RunResult result;
  result.outcome = inNetns(request.netns, [&] {
    for (size_t i = 0; i < request.packets.size(); i++) {
      Outcome outcome = runOne(request, i, result);
      if (outcome.error != 0) return outcome;
    }
    return Outcome{};
  });
  return result;
}

} // namespace bpf
