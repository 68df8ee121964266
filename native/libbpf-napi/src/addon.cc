// What lib/ calls. Every function gives back plain objects with an outcome; lib/ makes errors of
// them.
#include <napi.h>
#include <unistd.h>

#include "bpffs.h"
#include "entries.h"
#include "info.h"
#include "link.h"
#include "object.h"
#include "ring.h"
#include "run.h"

namespace {

using namespace bpf;
using Info = Napi::CallbackInfo;

int intOf(const Napi::Value &value) {
  return value.As<Napi::Number>().Int32Value();
}

uint32_t numberOf(const Napi::Value &value) {
  return value.As<Napi::Number>().Uint32Value();
}

Napi::Value openedValue(Napi::Env env, const Opened &opened) {
  auto object = outcomeObject(env, opened.outcome);
  object.Set("fd", opened.fd);
  return object;
}

Napi::Value openedTask(Napi::Env env, std::function<Opened()> work) {
  return Task<Opened>::start(env, std::move(work), [](Napi::Env inside, Opened &opened) {
    return openedValue(inside, opened);
  });
}

Napi::Value outcomeTask(Napi::Env env, std::function<Outcome()> work) {
  return Task<Outcome>::start(env, std::move(work), [](Napi::Env inside, Outcome &outcome) {
    return Napi::Value(outcomeObject(inside, outcome));
  });
}

MapShape shapeOf(const Info &info) {
  return {intOf(info[0]), numberOf(info[1]), numberOf(info[2])};
}

template <typename Value, typename Convert>
Named<Value> namedOf(const Napi::Value &value, Convert convert) {
  Named<Value> named;
  const auto object = value.As<Napi::Object>();
  const auto names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string name = textOf(names.Get(i));
    named.emplace_back(name, convert(object.Get(name)));
  }
  return named;
}

Napi::Object fdsObject(Napi::Env env, const Named<int> &named) {
  auto object = Napi::Object::New(env);
  for (const auto &[name, fd] : named)
    object.Set(name, fd);
  return object;
}

std::set<std::string> textsOf(const Napi::Value &value) {
  std::set<std::string> texts;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++)
    texts.insert(textOf(list.Get(i)));
  return texts;
}

/** load(path, rodata, reuse, maxEntries, programs) */
Napi::Value loadObject(const Info &info) {
  LoadRequest request{textOf(info[0]), namedOf<Bytes>(info[1], bytesOf),
                      namedOf<int>(info[2], intOf), namedOf<uint32_t>(info[3], numberOf),
                      textsOf(info[4])};
  return Task<Loaded>::start(
      info.Env(), [request = std::move(request)] { return load(request); },
      [](Napi::Env env, Loaded &loaded) {
        auto object = outcomeObject(env, loaded.outcome);
        object.Set("programs", fdsObject(env, loaded.programs));
        object.Set("maps", fdsObject(env, loaded.maps));
        return Napi::Value(object);
      });
}

Napi::Value createMapValue(const Info &info) {
  return openedValue(info.Env(),
                     createMap({numberOf(info[0]), textOf(info[1]), numberOf(info[2]),
                                numberOf(info[3]), numberOf(info[4]), numberOf(info[5])}));
}

Napi::Value openPinnedValue(const Info &info) {
  return openedValue(info.Env(), openPinned(textOf(info[0])));
}

Napi::Value openIdValue(const Info &info) {
  return openedValue(info.Env(), openId(textOf(info[0]), numberOf(info[1])));
}

Napi::Value nextIdValue(const Info &info) {
  uint32_t next = 0;
  auto object = outcomeObject(info.Env(), nextId(textOf(info[0]), numberOf(info[1]), next));
  object.Set("id", next);
  return object;
}

Napi::Value pinValue(const Info &info) {
  return outcomeObject(info.Env(), pin(intOf(info[0]), textOf(info[1])));
}

Napi::Value freezeValue(const Info &info) {
  return outcomeObject(info.Env(), freeze(intOf(info[0])));
}

/** lookup(fd, keySize, valueSize, key) */
Napi::Value lookupValue(const Info &info) {
  const MapShape map = shapeOf(info);
  Bytes value(map.valueSize);
  auto object = outcomeObject(info.Env(), lookup(map, bytesOf(info[3]).data(), value.data()));
  object.Set("value", bufferOf(info.Env(), value));
  return object;
}

/** update(fd, keySize, valueSize, key, value, flags) */
Napi::Value updateValue(const Info &info) {
  return outcomeObject(info.Env(), update(shapeOf(info), bytesOf(info[3]).data(),
                                          bytesOf(info[4]).data(), numberOf(info[5])));
}

Napi::Value removeValue(const Info &info) {
  return outcomeObject(info.Env(), remove(shapeOf(info), bytesOf(info[3]).data()));
}

Napi::Value updateBatchValue(const Info &info) {
  return outcomeTask(info.Env(),
                     [map = shapeOf(info), keys = bytesOf(info[3]), values = bytesOf(info[4]),
                      count = numberOf(info[5])] { return updateBatch(map, keys, values, count); });
}

Napi::Value removeBatchValue(const Info &info) {
  return outcomeTask(info.Env(),
                     [map = shapeOf(info), keys = bytesOf(info[3]), count = numberOf(info[4])] {
                       return removeBatch(map, keys, count);
                     });
}

Napi::Value dumpValue(const Info &info) {
  return Task<Entries>::start(
      info.Env(), [map = shapeOf(info)] { return dump(map); },
      [](Napi::Env env, Entries &entries) {
        auto object = outcomeObject(env, entries.outcome);
        object.Set("count", entries.count);
        object.Set("keys", bufferOf(env, entries.keys));
        object.Set("values", bufferOf(env, entries.values));
        return Napi::Value(object);
      });
}

/** run(fd, packets, ifindexes, ingressIfindex, mark, repeat, netns) */
Napi::Value runValue(const Info &info) {
  RunRequest request;
  request.fd = intOf(info[0]);
  const auto packets = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < packets.Length(); i++) {
    request.packets.push_back(bytesOf(packets.Get(i)));
  }
  const auto ifindexes = info[2].As<Napi::Uint32Array>();
  request.ifindexes.assign(ifindexes.Data(), ifindexes.Data() + ifindexes.ElementLength());
  request.ingressIfindex = numberOf(info[3]);
  request.mark = numberOf(info[4]);
  request.repeat = numberOf(info[5]);
  request.netns = textOf(info[6]);
  return Task<RunResult>::start(
      info.Env(), [request = std::move(request)] { return testRun(request); },
      [](Napi::Env env, RunResult &result) {
        auto object = outcomeObject(env, result.outcome);
        auto retvals = Napi::Int32Array::New(env, result.retvals.size());
        std::copy(result.retvals.begin(), result.retvals.end(), retvals.Data());
        auto durations = Napi::Uint32Array::New(env, result.durations.size());
        std::copy(result.durations.begin(), result.durations.end(), durations.Data());
        object.Set("retvals", retvals);
        object.Set("durations", durations);
        object.Set("data", bufferOf(env, result.data));
        object.Set("mark", result.mark);
        return Napi::Value(object);
      });
}

Napi::Value tcxValue(const Info &info) {
  return openedTask(info.Env(), [program = intOf(info[0]), ifindex = numberOf(info[1]),
                                 ingress = info[2].ToBoolean().Value(), netns = textOf(info[3])] {
    return linkTcx(program, ifindex, ingress, netns);
  });
}

Napi::Value skLookupValue(const Info &info) {
  return openedTask(info.Env(), [program = intOf(info[0]), netns = textOf(info[1])] {
    return linkSkLookup(program, netns);
  });
}

Napi::Value cgroupValue(const Info &info) {
  return openedTask(info.Env(),
                    [program = intOf(info[0]), cgroup = textOf(info[1]), type = numberOf(info[2])] {
                      return linkCgroup(program, cgroup, type);
                    });
}

Napi::Value updateLinkValue(const Info &info) {
  return outcomeTask(info.Env(), [link = intOf(info[0]), program = intOf(info[1])] {
    return updateLink(link, program);
  });
}

Napi::Value detachValue(const Info &info) {
  return outcomeTask(info.Env(), [link = intOf(info[0])] { return detach(link); });
}

/** tcxPrograms(ifindex, ingress, netns) */
Napi::Value tcxProgramsValue(const Info &info) {
  return Task<Attached>::start(
      info.Env(),
      [ifindex = numberOf(info[0]), ingress = info[1].ToBoolean().Value(),
       netns = textOf(info[2])] { return queryTcx(ifindex, ingress, netns); },
      [](Napi::Env env, Attached &attached) {
        auto object = outcomeObject(env, attached.outcome);
        auto ids = Napi::Array::New(env, attached.programs.size());
        for (uint32_t i = 0; i < attached.programs.size(); i++)
          ids.Set(i, attached.programs[i]);
        object.Set("programs", ids);
        return Napi::Value(object);
      });
}

Napi::Value layoutValue(const Info &info) {
  const Layout layout = layoutOf(textOf(info[0]), textOf(info[1]));
  auto object = outcomeObject(info.Env(), layout.outcome);
  auto fields = Napi::Array::New(info.Env(), layout.fields.size());
  for (uint32_t i = 0; i < layout.fields.size(); i++) {
    auto field = Napi::Object::New(info.Env());
    field.Set("name", layout.fields[i].name);
    field.Set("offset", layout.fields[i].offset);
    field.Set("size", layout.fields[i].size);
    fields.Set(i, field);
  }
  object.Set("size", layout.size);
  object.Set("fields", fields);
  return object;
}

Napi::Value enumerationValue(const Info &info) {
  const Enumeration enumeration = enumerationOf(textOf(info[0]), textOf(info[1]));
  auto object = outcomeObject(info.Env(), enumeration.outcome);
  auto values = Napi::Object::New(info.Env());
  for (const auto &[name, value] : enumeration.values)
    values.Set(name, value);
  object.Set("values", values);
  return object;
}

Napi::Value closeValue(const Info &info) {
  ::close(intOf(info[0]));
  return info.Env().Undefined();
}

Napi::Value isBpffsValue(const Info &info) {
  return Napi::Boolean::New(info.Env(), isBpffs(textOf(info[0])));
}

Napi::Value mountBpffsValue(const Info &info) {
  return outcomeObject(info.Env(), mountBpffs(textOf(info[0])));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const std::pair<const char *, Napi::Value (*)(const Info &)> functions[] = {
      {"load", loadObject},
      {"createMap", createMapValue},
      {"openPinned", openPinnedValue},
      {"openId", openIdValue},
      {"nextId", nextIdValue},
      {"pin", pinValue},
      {"freeze", freezeValue},
      {"lookup", lookupValue},
      {"update", updateValue},
      {"remove", removeValue},
      {"updateBatch", updateBatchValue},
      {"removeBatch", removeBatchValue},
      {"dump", dumpValue},
      {"run", runValue},
      {"tcx", tcxValue},
      {"skLookup", skLookupValue},
      {"cgroup", cgroupValue},
      {"updateLink", updateLinkValue},
      {"detach", detachValue},
      {"tcxPrograms", tcxProgramsValue},
      {"layout", layoutValue},
      {"enumeration", enumerationValue},
      {"close", closeValue},
      {"isBpffs", isBpffsValue},
      {"mountBpffs", mountBpffsValue},
      {"mapInfo", mapInfoValue},
      {"programInfo", programInfoValue},
      {"linkInfo", linkInfoValue},
  };
  for (const auto &[name, function] : functions) {
    exports.Set(name, Napi::Function::New(env, function, name));
  }
  exports.Set("Ring", defineRing(env));
  return exports;
}

} // namespace

NODE_API_MODULE(libbpf_napi, init)
