//! The accept loop: a bounded number of connections, and a shutdown with a deadline.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, Version, header};
use bytes::Bytes;
use futures_util::future::{AbortHandle, AbortRegistration, Abortable};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::connection::Connection;
use super::connections::{ConnectionPlace, Connections};
use super::outgoing::{CARRIER, Outgoing};
use super::peer::Peer;
use super::received::OnReceived;
use super::socket::Socket;

/// How long answers under way may take once the process was told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
/// What the kernel takes of an answer beyond what is on its way. More would only hide who reads slowly.
const UNSENT_BYTES: u32 = 256 * 1024;
/// Of a connection's room: what one answer may need in memory at once.
const ANSWER_KIB: u32 = 256;
/// Told to who finds no place, on a connection that then closes.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\
    content-length: 0\r\n\r\n";

/// Serves until `stop` is cancelled, then until open answers are done or the deadline passes.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
    stop: CancellationToken,
) {
    let builder = builder(&connections);
    let looking = crate::spawn({
        let connections = connections.clone();
        async move { connections.look_after().await }
    });
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: give others time to close some.
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
        let (carrier, registration) = AbortHandle::new_pair();
        let leave = stop.child_token();
        match connections.admit(stream, address.ip(), carrier, leave).await {
            Ok(place) => {
                let service = Service { router: router.clone(), peer: Peer(address.ip()) };
                crate::spawn(carry(builder.clone(), service, place, registration));
            }
            Err(stream) => turn_away(&stream),
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, connections.all_left()).await.is_err() {
        tracing::warn!("some answers were still under way at the deadline");
    }
    looking.abort();
}

fn builder(connections: &Connections) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams);
    // Times are kept in one place, by the look at all connections.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_headers(64);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .max_concurrent_streams(connections.config.streams_max)
        .max_header_list_size(32 * 1024);
    builder
}

fn turn_away(stream: &TcpStream) {
    // Whoever does not hear it sees the connection close.
    let _ = stream.try_write(FULL);
}

/// Serves one connection until it ends, leaves, or is given up.
async fn carry(
    builder: auto::Builder<Streams>,
    service: Service,
    place: ConnectionPlace,
    registration: AbortRegistration,
) {
    let connection = place.connection.clone();
    let socket = TokioIo::new(Socket(connection.clone()));
    let (carrier, leave) = (connection.carrier.clone(), connection.leave.clone());
    let answered = hyper::service::service_fn(move |request| {
        answer(service.clone(), connection.clone(), request)
    });
    let carried = async move {
        let mut carried = std::pin::pin!(builder.serve_connection(socket, answered));
        let ended = tokio::select! {
            ended = &mut carried => ended,
            () = leave.cancelled() => {
                carried.as_mut().graceful_shutdown();
                carried.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended badly");
        }
    };
    let _ = Abortable::new(CARRIER.scope(carrier, carried), registration).await;
    drop(place);
}

#[derive(Clone)]
struct Service {
    router: Router,
    peer: Peer,
}

fn answer(
    service: Service,
    connection: Arc<Connection>,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Outgoing>, Infallible>> {
    let under_way = connection.begin();
    request.extensions_mut().insert(service.peer);
    let is_stream = request.version() == Version::HTTP_2;
    let rest = (!request.body().is_end_stream()).then(Arc::<AtomicBool>::default);
    let sender = connection.clone();
    async move {
        // Of many answers on one connection some wait until others are taken.
        let room = if is_stream && connection.network.is_some() {
            let room = connection.room.clone().acquire_many_owned(ANSWER_KIB).await;
            Some(room.expect("never closed"))
        } else {
            None
        };
        let request = request.map(|body| match &rest {
            Some(is_read) => {
                let is_read = is_read.clone();
                Body::new(WatchedBody { body, is_read, sender, is_awaited: false })
            }
            None => Body::new(body),
        });
        let mut answer = service.router.oneshot(request).await?;
        if !is_stream && rest.is_some_and(|is_read| !is_read.load(Ordering::Acquire)) {
            // What is left of the body is not read, so the connection ends; whoever sends is told.
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let on_received = OnReceived::take(answer.extensions_mut());
        let (head, body) = answer.into_parts();
        let room = room.map(|mut room| {
            let needed =
                HttpBody::size_hint(&body).exact().map_or(u64::MAX, |bytes| bytes.div_ceil(1024));
            drop(room.split(
                (ANSWER_KIB as usize).saturating_sub(needed.try_into().unwrap_or(usize::MAX)),
            ));
            room
        });
        let body = Outgoing::new(body, &head.headers, on_received, under_way, is_stream, room);
        Ok(Response::from_parts(head, body))
    }
}

/// A request's body, whether all of it was read, and whether its sender keeps us waiting.
struct WatchedBody {
    body: Incoming,
    is_read: Arc<AtomicBool>,
    sender: Arc<Connection>,
    is_awaited: bool,
}

impl WatchedBody {
    fn await_more(&mut self, is_awaited: bool) {
        if self.is_awaited != is_awaited {
            self.is_awaited = is_awaited;
            self.sender.body_is_awaited(is_awaited);
        }
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        self.await_more(false);
    }
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.await_more(frame.is_pending());
        let frame = ready!(frame);
        self.is_read.fetch_or(frame.is_none() || self.body.is_end_stream(), Ordering::AcqRel);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Starts HTTP/2 streams, each with a handle of its own by which it can be ended.
#[derive(Clone)]
struct Streams;

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let (carrier, registration) = AbortHandle::new_pair();
        crate::spawn(async move {
            let _ = Abortable::new(CARRIER.scope(carrier, stream), registration).await;
        });
    }
}
