#include "x509/serial.h"

void serial_make(struct instant at, uint8_t out[SERIAL_SIZE])
{
    uint64_t ms = (uint64_t)(at.us / 1000);

    out[0] = 0x40;
    for (size_t i = SERIAL_TIME_SIZE; i-- > 1; ms >>= 8)
        out[i] = (uint8_t)ms;
    random_bytes(out + SERIAL_TIME_SIZE, SERIAL_SIZE - SERIAL_TIME_SIZE);
}

unsigned serial_shard(struct bytes serial, unsigned shards)
{
    uint32_t last = 0;

    for (size_t i = serial.size < 4 ? 0 : serial.size - 4; i < serial.size; i++)
        last = last << 8 | serial.data[i];
    return shards > 1 ? last % shards : 0;
}
