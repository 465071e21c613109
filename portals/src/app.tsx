/** The map of the portals: which address shows which page. Each page is fetched when it is first opened. */
import { lazy, Suspense } from 'react'
import { Route, Routes, useLocation } from 'react-router'
import { NotFound, SessionGate, Shell } from './console/shell/index.ts'
import { FailureBoundary, Loading } from './ui/index.ts'

const Home = lazy(() => import('./console/home/index.ts').then((m) => ({ default: m.HomePage })))
const DeviceList = lazy(() => import('./console/devices/index.ts').then((m) => ({ default: m.DeviceListPage })))
const Device = lazy(() => import('./console/device/index.ts').then((m) => ({ default: m.DevicePage })))
const Enrol = lazy(() => import('./console/enrol/index.ts').then((m) => ({ default: m.EnrolPage })))
const Activities = lazy(() => import('./console/activities/index.ts').then((m) => ({ default: m.ActivityListPage })))
const Activity = lazy(() => import('./console/activities/index.ts').then((m) => ({ default: m.ActivityPage })))
const Policies = lazy(() => import('./console/policies/index.ts').then((m) => ({ default: m.PolicyListPage })))
const Policy = lazy(() => import('./console/policies/index.ts').then((m) => ({ default: m.PolicyPage })))
const Groups = lazy(() => import('./console/groups/index.ts').then((m) => ({ default: m.GroupListPage })))
const Group = lazy(() => import('./console/groups/index.ts').then((m) => ({ default: m.GroupPage })))
const Alerts = lazy(() => import('./console/alerts/index.ts').then((m) => ({ default: m.AlertListPage })))
const Approvals = lazy(() => import('./console/approvals/index.ts').then((m) => ({ default: m.ApprovalListPage })))
const Users = lazy(() => import('./console/users/index.ts').then((m) => ({ default: m.UserListPage })))
const User = lazy(() => import('./console/users/index.ts').then((m) => ({ default: m.UserPage })))
const Roles = lazy(() => import('./console/roles/index.ts').then((m) => ({ default: m.RoleListPage })))
const Role = lazy(() => import('./console/roles/index.ts').then((m) => ({ default: m.RolePage })))
const Clients = lazy(() => import('./console/clients/index.ts').then((m) => ({ default: m.ClientListPage })))
const Webhooks = lazy(() => import('./console/webhooks/index.ts').then((m) => ({ default: m.WebhookListPage })))
const Webhook = lazy(() => import('./console/webhooks/index.ts').then((m) => ({ default: m.WebhookPage })))
const Licences = lazy(() => import('./console/licences/index.ts').then((m) => ({ default: m.LicencePage })))
const Certificates = lazy(() =>
  import('./console/certificates/index.ts').then((m) => ({ default: m.CertificateListPage })),
)
const Setup = lazy(() => import('./console/setup/index.ts').then((m) => ({ default: m.SetupPage })))
const Configuration = lazy(() =>
  import('./console/configuration/index.ts').then((m) => ({ default: m.ConfigurationPage })),
)
const Audit = lazy(() => import('./console/audit/index.ts').then((m) => ({ default: m.AuditPage })))
const PublicEnrol = lazy(() => import('./enrol/index.ts').then((m) => ({ default: m.PublicEnrolPage })))

export function App() {
  const { pathname } = useLocation()
  return (
    <FailureBoundary place={pathname}>
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route path="/enrol/:code" element={<PublicEnrol />} />
          <Route element={<SessionGate />}>
            <Route element={<Shell />}>
              <Route index element={<Home />} />
              <Route path="devices" element={<DeviceList />} />
              <Route path="devices/:id/:tab?/:operation?" element={<Device />} />
              <Route path="enrol" element={<Enrol />} />
              <Route path="activities" element={<Activities />} />
              <Route path="activities/:id" element={<Activity />} />
              <Route path="policies" element={<Policies />} />
              <Route path="policies/:id/:tab?" element={<Policy />} />
              <Route path="groups" element={<Groups />} />
              <Route path="groups/:id" element={<Group />} />
              <Route path="alerts" element={<Alerts />} />
              <Route path="approvals" element={<Approvals />} />
              <Route path="users" element={<Users />} />
              <Route path="users/:id" element={<User />} />
              <Route path="roles" element={<Roles />} />
              <Route path="roles/:id" element={<Role />} />
              <Route path="clients" element={<Clients />} />
              <Route path="webhooks" element={<Webhooks />} />
              <Route path="webhooks/:id" element={<Webhook />} />
              <Route path="licences" element={<Licences />} />
              <Route path="certificates" element={<Certificates />} />
              <Route path="platforms" element={<Setup />} />
              <Route path="configuration" element={<Configuration />} />
              <Route path="audit" element={<Audit />} />
              <Route path="*" element={<NotFound />} />
            </Route>
          </Route>
        </Routes>
      </Suspense>
    </FailureBoundary>
  )
}
