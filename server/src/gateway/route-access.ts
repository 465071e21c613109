/** What each route says of itself: who may use it. */

/** permission: held by the caller; principal: any signed-in caller; device: a device, proven by the route itself; public: the reason why. */
export type RouteAccess = { permission: string } | { principal: true } | { device: true } | { public: string }
