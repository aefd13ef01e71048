// A small operator with controller-runtime: what its clients ask of an API server. test/e2e/clients.sh runs it.
package main

import (
	"context"
	"flag"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "clients.example.com/outside"

func website() *unstructured.Unstructured {
	out := &unstructured.Unstructured{}
	out.SetGroupVersionKind(schema.GroupVersionKind{Group: "clients.example.com", Version: "v1", Kind: "Website"})
	return out
}

type reconciler struct{ client.Client }

// outside stands for something beside the cluster that a finalizer cleans up: nobody owns it.
func outside(site client.Object) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: site.GetName() + "-outside", Namespace: site.GetNamespace()}}
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	site := website()
	if err := r.Get(ctx, request.NamespacedName, site); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if site.GetDeletionTimestamp() != nil {
		if err := r.Delete(ctx, outside(site)); client.IgnoreNotFound(err) != nil {
			return ctrl.Result{}, err
		}
		base := site.DeepCopy()
		controllerutil.RemoveFinalizer(site, finalizer)
		return ctrl.Result{}, client.IgnoreNotFound(r.Patch(ctx, site, client.MergeFrom(base)))
	}
	if controllerutil.AddFinalizer(site, finalizer) {
		return ctrl.Result{}, r.Update(ctx, site)
	}
	text, _, _ := unstructured.NestedString(site.Object, "spec", "text")
	replicas, _, _ := unstructured.NestedInt64(site.Object, "spec", "replicas")
	if err := r.createOrUpdate(ctx, outside(site), nil, text); err != nil {
		return ctrl.Result{}, err
	}
	owned := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: site.GetName(), Namespace: site.GetNamespace()}}
	if err := r.createOrUpdate(ctx, owned, site, text); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.Apply(ctx, deployment(site, int32(replicas)), client.FieldOwner("websites"), client.ForceOwnership); err != nil {
		return ctrl.Result{}, err
	}
	base := site.DeepCopy()
	status := map[string]any{"observedGeneration": site.GetGeneration(), "phase": "Ready"}
	if err := unstructured.SetNestedMap(site.Object, status, "status"); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.Status().Patch(ctx, site, client.MergeFrom(base))
}

func (r *reconciler) createOrUpdate(ctx context.Context, object *corev1.ConfigMap, owner client.Object, text string) error {
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, object, func() error {
		object.Data = map[string]string{"index.html": text}
		if owner == nil {
			return nil
		}
		return controllerutil.SetControllerReference(owner, object, r.Scheme())
	})
	return err
}

func deployment(site *unstructured.Unstructured, replicas int32) *appsapply.DeploymentApplyConfiguration {
	labels := map[string]string{"website": site.GetName()}
	owner := metaapply.OwnerReference().WithAPIVersion(site.GetAPIVersion()).WithKind(site.GetKind()).WithName(site.GetName()).
		WithUID(site.GetUID()).WithController(true).WithBlockOwnerDeletion(true)
	container := coreapply.Container().WithName("web").WithImage("nginx:1").WithPorts(coreapply.ContainerPort().WithContainerPort(80))
	return appsapply.Deployment(site.GetName(), site.GetNamespace()).WithOwnerReferences(owner).WithSpec(appsapply.DeploymentSpec().
		WithReplicas(replicas).WithSelector(metaapply.LabelSelector().WithMatchLabels(labels)).
		WithTemplate(coreapply.PodTemplateSpec().WithLabels(labels).WithSpec(coreapply.PodSpec().WithContainers(container))))
}

func main() {
	flag.Parse()
	ctrl.SetLogger(zap.New())
	log := ctrl.Log.WithName("main")
	lease, renew, retry := 3*time.Second, 2*time.Second, 500*time.Millisecond
	manager, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Metrics: metricsserver.Options{BindAddress: "0"}, LeaderElection: true, LeaderElectionID: "websites",
		LeaderElectionNamespace: "default", LeaderElectionReleaseOnCancel: true,
		LeaseDuration: &lease, RenewDeadline: &renew, RetryPeriod: &retry})
	if err == nil {
		err = ctrl.NewControllerManagedBy(manager).For(website()).Owns(&appsv1.Deployment{}).Owns(&corev1.ConfigMap{}).
			Complete(&reconciler{manager.GetClient()})
	}
	if err == nil {
		err = manager.Start(ctrl.SetupSignalHandler())
	}
	if err != nil {
		log.Error(err, "stopped")
		os.Exit(1)
	}
}
