// What a customer writes against the types that openapi-typescript makes of the description: places an order,
// lists orders and reads the feed. Printed is the order, as JSON.
import process from "node:process";

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Order = components["schemas"]["OrderAnswer"];

function argument(index: number): string {
  const value = process.argv[1 + index];
  if (value === undefined) throw new Error("node client.js URL KEY CSR");
  return value;
}

// Of an answer in more than one media type the client is given JSON.
const csr = argument(3);
const api = createClient<paths, "application/json">({
  baseUrl: new URL(argument(1)).origin,
  headers: { "X-DC-DEVKEY": argument(2) },
});

async function place(name_id: string, common_name: string): Promise<Order> {
  const { data, error, response } = await api.POST("/services/v2/order/certificate/{name_id_or_order_id}", {
    params: { path: { name_id_or_order_id: name_id }, header: { "Idempotency-Key": common_name } },
    body: { certificate: { common_name, csr }, dcv_method: "dns-txt-token", order_validity: { years: 1 } },
  });
  if (!data) throw new Error(`${response.status} ${error?.errors[0]?.code} ${error?.errors[0]?.field}`);
  return data;
}

async function listed(common_name: string): Promise<number[]> {
  const { data } = await api.GET("/services/v2/order/certificate", {
    params: { query: { "filters[common_name]": [common_name], limit: 10, sort: "-date_created" } },
  });
  return (data?.orders ?? []).map((order) => order.id);
}

async function shown(id: number): Promise<string | undefined> {
  const { data } = await api.GET("/services/v2/order/certificate/{name_id_or_order_id}", {
    params: { path: { name_id_or_order_id: String(id) } },
  });
  return data?.status;
}

const name = "typescript.example.com";
const order = await place("ssl_dv_geotrust", name);
const { data: feed } = await api.GET("/services/v2/events", { params: { query: { limit: 5 } } });
console.log(JSON.stringify({
  id: order.id, value: order.dcv_random_value, listed: await listed(name), status: await shown(order.id), cursor: feed?.cursor,
}));
