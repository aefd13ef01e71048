//! A small operator with kube-rs: what its client asks of an API server. test/e2e/clients.sh runs it.
use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap};
use kube::{
    Api, Client, CustomResource, Resource, ResourceExt,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams},
    runtime::{
        Controller,
        controller::Action,
        finalizer::{Event, finalizer},
        watcher,
    },
};
use kube_lease_manager::LeaseManagerBuilder;
use serde::{Deserialize, Serialize};
use serde_json::json;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(CustomResource, Clone, Debug, Serialize, Deserialize)]
#[kube(group = "clients.example.com", version = "v1", kind = "Website", namespaced, status = "WebsiteStatus", schema = "disabled")]
pub struct WebsiteSpec {
    text: String,
    replicas: i32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebsiteStatus {
    observed_generation: Option<i64>,
    phase: Option<String>,
}

#[derive(Debug)]
struct Failed(String);
impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::error::Error for Failed {}

fn config_map(name: String, site: Option<&Website>, text: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(name),
            owner_references: site.and_then(|s| s.controller_owner_ref(&())).map(|owner| vec![owner]),
            ..Default::default()
        },
        data: Some([("index.html".into(), text.into())].into()),
        ..Default::default()
    }
}

/// Creates what is not there, and replaces what differs, by version.
async fn create_or_replace(api: &Api<ConfigMap>, want: ConfigMap) -> kube::Result<()> {
    match api.get_opt(&want.name_any()).await? {
        None => api.create(&PostParams::default(), &want).await.map(drop),
        Some(have) if have.data != want.data => {
            let metadata = ObjectMeta { resource_version: have.resource_version(), ..want.metadata.clone() };
            let next = ConfigMap { metadata, ..want };
            api.replace(&next.name_any(), &PostParams::default(), &next).await.map(drop)
        }
        Some(_) => Ok(()),
    }
}

async fn apply(site: Arc<Website>, client: Client) -> kube::Result<Action> {
    let (name, namespace) = (site.name_any(), site.namespace().unwrap_or_default());
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    // stands for something beside the cluster that the finalizer cleans up: nobody owns it
    create_or_replace(&maps, config_map(format!("{name}-outside"), None, &site.spec.text)).await?;
    create_or_replace(&maps, config_map(name.clone(), Some(&site), &site.spec.text)).await?;
    let labels = json!({"website": name});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "ownerReferences": [site.controller_owner_ref(&())]},
        "spec": {
            "replicas": site.spec.replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [
                {"name": "web", "image": "nginx:1", "ports": [{"containerPort": 80}]}]}}}});
    let owner = PatchParams::apply("websites").force();
    Api::<Deployment>::namespaced(client.clone(), &namespace).patch(&name, &owner, &Patch::Apply(&deployment)).await?;
    let generation = site.metadata.generation;
    if site.status.as_ref().and_then(|s| s.observed_generation) != generation {
        let status = json!({"status": {"observedGeneration": generation, "phase": "Ready"}});
        let sites: Api<Website> = Api::namespaced(client, &namespace);
        sites.patch_status(&name, &PatchParams::default(), &Patch::Merge(&status)).await?;
    }
    Ok(Action::await_change())
}

async fn clean_up(site: Arc<Website>, client: Client) -> kube::Result<Action> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &site.namespace().unwrap_or_default());
    match maps.delete(&format!("{}-outside", site.name_any()), &DeleteParams::default()).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Action::await_change()),
        other => other.map(|_| Action::await_change()),
    }
}

async fn reconcile(site: Arc<Website>, client: Arc<Client>) -> Result<Action, Failed> {
    let sites: Api<Website> = Api::namespaced((*client).clone(), &site.namespace().unwrap_or_default());
    finalizer(&sites, "clients.example.com/outside", site, |event| async {
        match event {
            Event::Apply(site) => apply(site, (*client).clone()).await,
            Event::Cleanup(site) => clean_up(site, (*client).clone()).await,
        }
    })
    .await
    .map_err(|error| Failed(format!("{error:?}")))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::try_default().await?;
    let leases = LeaseManagerBuilder::new(client.clone(), "websites").with_namespace("default").with_duration(3).with_grace(1).build().await?;
    let (mut leading, _task) = leases.watch().await;
    while !*leading.borrow_and_update() {
        leading.changed().await?;
    }
    eprintln!("leading");
    let config = watcher::Config::default();
    let controller = Controller::new(Api::<Website>::all(client.clone()), config.clone().streaming_lists())
        .owns(Api::<Deployment>::all(client.clone()), config.clone())
        .owns(Api::<ConfigMap>::all(client.clone()), config)
        .run(reconcile, |_, _: &Failed, _| Action::requeue(Duration::from_secs(1)), Arc::new(client))
        .for_each(|result| async move {
            if let Err(error) = result {
                eprintln!("error: {error:?}");
            }
        });
    tokio::select! {
        () = controller => {}
        _ = leading.changed() => {}
    }
    Err("no longer leading".into())
}
